import type { JsonValue } from "../claims/claim-set.ts";
import type { ClaimCheck } from "./claim-check.ts";

/** One line for people: `workflow: expected publish.yml, got train.yml`. Values are escaped and cut, because a stranger chose them. */
export function explainCheck({ claim, expected, got, ok }: ClaimCheck): string {
  if (ok) return `${claim}: ok (${showClaimValue(got)})`;
  if (got === undefined) return `${claim}: expected ${showClaimValue(expected)}, but the token has none`;
  if (typeof got !== typeof expected)
    return `${claim}: expected the ${typeof expected} ${showClaimValue(expected)}, got the ${jsonTypeOf(got)} ${showClaimValue(got)}`;
  return `${claim}: expected ${showClaimValue(expected)}, got ${showClaimValue(got)}`;
}

/** At most 120 printable ASCII characters; anything else as `\u{…}`. */
export function showClaimValue(value: JsonValue | undefined): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const escaped = text
    .slice(0, 200)
    .replaceAll(/[^\x20-\x7e]/gu, (character) => `u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return escaped.length > 120 || text.length > 200 ? `${escaped.slice(0, 117)}...` : escaped;
}

function jsonTypeOf(value: JsonValue): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
