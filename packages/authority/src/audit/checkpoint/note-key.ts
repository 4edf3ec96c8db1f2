import { createPublicKey, hash, type KeyObject } from "node:crypto";

/** A key that signs notes, as those who verify know it (C2SP signed-note). */
export interface NoteKey {
  /** Neither blanks nor `+`. For a log it is the origin of its checkpoints. */
  readonly name: string;
  /** First four bytes of a hash over name and key, in hexadecimal. */
  readonly id: string;
  readonly publicKey: KeyObject;
}

/** Signature type of Ed25519 (C2SP signed-note, "Signature types"). */
const ED25519 = 1;
const KEY_LENGTH = 32;

/** DER of a SubjectPublicKeyInfo for Ed25519, up to the 32 bytes of the key (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** @param publicKey - An Ed25519 key. @throws {RangeError} for a name that a note cannot carry. */
export function noteKey(name: string, publicKey: KeyObject): NoteKey {
  if (!isKeyName(name)) throw new RangeError(`${name} cannot name a key: it is empty or holds a blank or a plus`);
  const raw = rawKey(publicKey);
  const id = hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), raw]), "hex").slice(0, 8);
  return { name, id, publicKey };
}

/** `NAME+ID+KEY`, the form that verifiers of other people read (golang.org/x/mod/sumdb/note). */
export function noteKeyText({ name, id, publicKey }: NoteKey): string {
  return `${name}+${id}+${Buffer.concat([Buffer.of(ED25519), rawKey(publicKey)]).toString("base64")}`;
}

/** Reads `NAME+ID+KEY`. @returns `undefined` when it is malformed, not Ed25519, or the id is another key's. */
export function parseNoteKey(text: string): NoteKey | undefined {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text.trim()) ?? [];
  if (name === undefined || encoded === undefined || !isKeyName(name)) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.length !== 1 + KEY_LENGTH || bytes[0] !== ED25519 || bytes.toString("base64") !== encoded) return undefined;
  const publicKey = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, bytes.subarray(1)]),
    format: "der",
    type: "spki",
  });
  const key = noteKey(name, publicKey);
  return key.id === id ? key : undefined;
}

/** Whether a note can carry this name (C2SP signed-note, "Format"). */
export function isKeyName(name: string): boolean {
  return name !== "" && !/[\s+\p{Z}\p{Cc}]/u.test(name);
}

function rawKey(publicKey: KeyObject): Buffer {
  if (publicKey.asymmetricKeyType !== "ed25519") throw new RangeError("notes are signed with Ed25519 here");
  return publicKey.export({ format: "der", type: "spki" }).subarray(SPKI_PREFIX.length);
}
