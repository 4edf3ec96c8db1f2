import type { ClaimSet, JsonValue } from "./claim-set.ts";

/**
 * Reads one claim: a top-level name, or a JSON pointer (RFC 6901) when `path` starts with `/`.
 *
 * Pointers are needed where the claim's own name holds dots and slashes, as in AWS and Kubernetes tokens.
 *
 * @returns `undefined` when there is no such member.
 */
export function readClaim(claims: ClaimSet, path: string): JsonValue | undefined {
  if (!path.startsWith("/")) return ownMember(claims, path);
  let value: JsonValue | undefined = claims;
  for (const part of path.slice(1).split("/")) {
    if (value === undefined) return undefined;
    value = ownMember(value, part.replaceAll("~1", "/").replaceAll("~0", "~"));
  }
  return value;
}

/** The claim as text; `undefined` when it is absent, empty or of another JSON type. */
export function readText(claims: ClaimSet, name: string): string | undefined {
  const value = ownMember(claims, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** True for an RFC 6901 pointer: every `~` is followed by `0` or `1`. */
export function isJsonPointer(path: string): boolean {
  return /^(?:\/(?:[^~/]|~[01])*)+$/.test(path);
}

/** Own members only: `constructor` and `__proto__` of a hostile token must find nothing. Array items are not claims. */
function ownMember(value: JsonValue, name: string): JsonValue | undefined {
  if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
  return value[name];
}

function isObject(value: JsonValue): value is ClaimSet {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
