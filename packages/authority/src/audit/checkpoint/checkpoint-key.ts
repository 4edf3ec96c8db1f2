import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { Clock } from "@postern/core/time/clock";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { RandomBytes } from "../../tokens/random-bytes.ts";
import { openPrivateKey, sealPrivateKey } from "../../tokens/sealed-private-key.ts";
import { type NoteKey, noteKey, noteKeyText, parseNoteKey } from "./note-key.ts";

/** A checkpoint key at rest. */
export interface StoredCheckpointKey {
  /** `NAME+ID+KEY`; the name is the origin of the checkpoints. */
  readonly noteKey: string;
  /** AES-256-GCM, see `sealPrivateKey`. */
  readonly sealedPrivateKey: Uint8Array;
  readonly createdAt: EpochSeconds;
}

/** Port: the keys that sign checkpoints. A log that begins anew gets a new one; old ones are kept, to know their checkpoints by. */
export interface CheckpointKeyStore {
  newest(): Promise<StoredCheckpointKey | undefined>;
  add(key: StoredCheckpointKey, audit: AuditEvent): Promise<void>;
}

/** The key that signs checkpoints, opened. It signs nothing else. */
export interface CheckpointKey {
  readonly verifier: NoteKey;
  readonly privateKey: KeyObject;
}

export interface CheckpointKeyDeps {
  readonly store: CheckpointKeyStore;
  /** At least 32 bytes; the same at every start. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/** @returns `undefined` before the first one was made. @throws {Error} when the secret does not fit it. */
export async function openCheckpointKey(deps: CheckpointKeyDeps): Promise<CheckpointKey | undefined> {
  const stored = await deps.store.newest();
  if (stored === undefined) return undefined;
  const verifier = parseNoteKey(stored.noteKey);
  if (verifier === undefined) throw new Error("the stored checkpoint key cannot be read");
  const privateKey = openPrivateKey(stored.sealedPrivateKey, stored.noteKey, deps.secret);
  if (!createPublicKey(privateKey).equals(verifier.publicKey))
    throw new Error("the stored checkpoint key is not the one that it says it is");
  return { verifier, privateKey };
}

/**
 * Makes and stores a key for a log named `origin`.
 *
 * @param why - What the audit entry says beside the key: empty for the first one.
 */
export async function addCheckpointKey(
  origin: string,
  why: Pick<AuditEvent, "event" | "detail">,
  deps: CheckpointKeyDeps,
): Promise<CheckpointKey> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const verifier = noteKey(origin, publicKey);
  const text = noteKeyText(verifier);
  await deps.store.add(
    {
      noteKey: text,
      sealedPrivateKey: sealPrivateKey(privateKey, text, deps.secret, deps.randomBytes),
      createdAt: deps.clock.now(),
    },
    {
      event: why.event,
      outcome: "allowed",
      actor: { kind: "system", name: "postern", tokenId: undefined },
      resource: "audit",
      requestId: "start",
      sourceAddress: undefined,
      detail: { ...why.detail, note_key: text },
    },
  );
  return { verifier, privateKey };
}
