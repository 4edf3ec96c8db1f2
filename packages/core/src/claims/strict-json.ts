import type { JsonValue } from "./claim-set.ts";

export type StrictJson =
  | { readonly kind: "json"; readonly value: JsonValue }
  | { readonly kind: "refused"; readonly reason: "syntax" | "duplicate-key" | "too-deep" };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * `JSON.parse` that also refuses repeated member names and nesting deeper than `maxDepth`.
 *
 * Two parsers that disagree on which of two `aud` members counts are an attack (RFC 8725 §2.6 spirit; RFC 7515 §4 demands unique
 * names). One scan counts the names written, `JSON.parse` then keeps one of each, so a difference betrays a repetition, however it
 * was escaped.
 */
export function parseStrictJson(text: string, maxDepth: number): StrictJson {
  const written = scan(text, maxDepth);
  if (written === "too-deep") return { kind: "refused", reason: "too-deep" };
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "refused", reason: "syntax" };
  }
  return countNames(value) === written ? { kind: "json", value } : { kind: "refused", reason: "duplicate-key" };
}

/** Counts strings that are followed by a colon. Only correct for valid JSON, which `JSON.parse` decides. */
function scan(text: string, maxDepth: number): number | "too-deep" {
  let names = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (text.charCodeAt(skipSpace(text, at + 1)) === COLON) names += 1;
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      depth += 1;
      if (depth > maxDepth) return "too-deep";
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
  }
  return names;
}

function endOfString(text: string, opening: number): number {
  let at = text.indexOf('"', opening + 1);
  while (at !== -1 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at === -1 ? text.length : at;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t")) at += 1;
  return at;
}

function countNames(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 0;
  let names = 0;
  if (Array.isArray(value)) {
    for (const item of value) names += countNames(item);
    return names;
  }
  for (const member of Object.values(value)) names += 1 + countNames(member);
  return names;
}
