import type { ChainLink } from "./chain-verifier.ts";

const HASH_MEMBER = ',"hash":"';
const HASH_LENGTH = 64;

/**
 * Reads one line of an export.
 *
 * The hashed bytes are the line itself without its `hash` member, so nothing is rendered anew and a line in any other spelling than the
 * canonical one does not verify: two readers can never see two different entries in one line. The last match is the entry's own
 * member: what follows it are strings, and in those every quote is escaped.
 *
 * @returns `undefined` when the line is no entry.
 */
export function linkOfLine(line: string): ChainLink | undefined {
  const start = line.lastIndexOf(HASH_MEMBER);
  if (start < 0) return undefined;
  const valueStart = start + HASH_MEMBER.length;
  const valueEnd = valueStart + HASH_LENGTH;
  const hash = line.slice(valueStart, valueEnd);
  if (!/^[0-9a-f]{64}$/.test(hash) || line[valueEnd] !== '"') return undefined;
  const entry = parseObject(line);
  if (entry === undefined || typeof entry.seq !== "number" || typeof entry.prev_hash !== "string") return undefined;
  const canonical = line.slice(0, start) + line.slice(valueEnd + 1);
  return { seq: entry.seq, prevHash: entry.prev_hash, hash, canonical, line };
}

function parseObject(text: string): { readonly seq?: unknown; readonly prev_hash?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
