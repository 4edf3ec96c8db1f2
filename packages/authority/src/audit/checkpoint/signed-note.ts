import { type KeyObject, sign, verify } from "node:crypto";
import type { NoteKey } from "./note-key.ts";

/** What a note turned out to be, for one key. `unsigned`: by others perhaps, not by this key. `forged`: in this key's name, but not by it. */
export type OpenedNote =
  | { readonly kind: "signed"; readonly text: string }
  | { readonly kind: "unsigned" | "forged" | "malformed" };

/** At least 16 must be accepted (C2SP signed-note, "Format"); a limit keeps a hostile note cheap. */
const MAX_SIGNATURES = 64;

const ID_LENGTH = 4;
const SIGNATURE_LENGTH = 64;

/** A note: the text, an empty line, one signature. @param text - Ends with a line feed and holds no other control character. */
export function signNote(text: string, key: NoteKey, privateKey: KeyObject): string {
  if (!isNoteText(text))
    throw new RangeError("the text of a note ends with a line feed and holds no other control character");
  const signature = sign(null, Buffer.from(text), privateKey);
  const encoded = Buffer.concat([Buffer.from(key.id, "hex"), signature]).toString("base64");
  return `${text}\n— ${key.name} ${encoded}\n`;
}

/** Opens a note that must carry a signature of `key` (C2SP signed-note, "Signatures"); signatures of other keys are passed over. */
export function openNote(note: string, key: NoteKey): OpenedNote {
  const parts = partsOf(note);
  if (parts === undefined) return { kind: "malformed" };
  const own = parts.signatures.filter(({ name, bytes }) => name === key.name && idOf(bytes) === key.id);
  if (own.length === 0) return { kind: "unsigned" };
  // A line that was cut off by a crash is not an attack.
  if (own.some(({ bytes }) => bytes.length !== ID_LENGTH + SIGNATURE_LENGTH)) return { kind: "malformed" };
  const text = Buffer.from(parts.text);
  const isGood = own.every(({ bytes }) => verify(null, text, key.publicKey, bytes.subarray(ID_LENGTH)));
  return isGood ? { kind: "signed", text: parts.text } : { kind: "forged" };
}

/** The text of a note whose signatures nobody has looked at. @returns `undefined` when it is no note. */
export function unverifiedNoteText(note: string): string | undefined {
  return partsOf(note)?.text;
}

interface NoteSignature {
  readonly name: string;
  /** Key id and signature. */
  readonly bytes: Buffer;
}

function partsOf(note: string): { readonly text: string; readonly signatures: readonly NoteSignature[] } | undefined {
  const split = note.lastIndexOf("\n\n");
  const text = note.slice(0, split + 1);
  if (split < 0 || !isNoteText(text) || !note.endsWith("\n")) return undefined;
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name, encoded] = /^— ([^\s+\p{Z}\p{Cc}]+) ([A-Za-z0-9+/]+=*)$/u.exec(line) ?? [];
    if (name === undefined || encoded === undefined) return undefined;
    const bytes = Buffer.from(encoded, "base64");
    if (bytes.length <= ID_LENGTH || bytes.toString("base64") !== encoded) return undefined;
    signatures.push({ name, bytes });
  }
  return { text, signatures };
}

function isNoteText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what the format forbids
  return text.endsWith("\n") && text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f]/.test(text);
}

function idOf(bytes: Buffer): string {
  return bytes.subarray(0, ID_LENGTH).toString("hex");
}
