import { HASH_LENGTH } from "../merkle/merkle-hash.ts";

/** The state of a log at one size, as its checkpoint says it (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Names the log for ever: `hub.example.com/audit`. */
  readonly origin: string;
  /** How many entries: the number (`seq`) of the last one. */
  readonly size: number;
  /** RFC 6962 root over them. */
  readonly root: Uint8Array;
  /** `hash` of the last entry, when the checkpoint says so: lets a start compare a database in one look-up. */
  readonly head: string | undefined;
}

const HEAD_LINE = "chain-head ";

/** The text to be signed, with its last line feed. */
export function checkpointText({ origin, size, root, head }: Checkpoint): string {
  const extension = head === undefined ? "" : `${HEAD_LINE}${head}\n`;
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n${extension}`;
}

/** @returns `undefined` when the text is no checkpoint. Extension lines other than ours are passed over. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  if (!text.endsWith("\n")) return undefined;
  const [origin, size, encoded, ...extensions] = text.slice(0, -1).split("\n");
  if (origin === undefined || origin === "" || size === undefined || encoded === undefined) return undefined;
  if (extensions.includes("") || !/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    return undefined;
  const root = Buffer.from(encoded, "base64");
  if (root.length !== HASH_LENGTH || root.toString("base64") !== encoded) return undefined;
  const head = extensions.find((line) => line.startsWith(HEAD_LINE))?.slice(HEAD_LINE.length);
  if (head !== undefined && !/^[0-9a-f]{64}$/.test(head)) return undefined;
  return { origin, size: Number(size), root, head };
}
