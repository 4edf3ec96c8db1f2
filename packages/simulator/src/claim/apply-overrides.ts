import type { ClaimOverrides, ClaimSet, ClaimValue } from "./claim-value.ts";

/**
 * The claims as they go into the token: overrides replace, `undefined` removes. A name that starts with `/` is a JSON pointer
 * (RFC 6901) into nested claims, and makes the objects on its way.
 */
export function applyOverrides(claims: ClaimSet, overrides: ClaimOverrides): ClaimSet {
  const nested = Object.entries(overrides).filter(([name]) => name.startsWith("/"));
  const merged: Record<string, ClaimValue | undefined> = Object.fromEntries([
    ...Object.entries(nested.reduce(withNested, claims)),
    ...Object.entries(overrides).filter(([name]) => !name.startsWith("/")),
  ]);
  const present = Object.entries(merged).filter((entry): entry is [string, ClaimValue] => entry[1] !== undefined);
  return Object.fromEntries(present);
}

/** The overriding text that other claims are derived from; a removed or non-text claim leaves its default in place. */
export function chosenText(overrides: ClaimOverrides, name: string): string | undefined {
  const value = Object.hasOwn(overrides, name) ? overrides[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

/** A text claim of a finished set, `undefined` when it is absent or no text. */
export function textClaim(claims: ClaimSet, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

function withNested(claims: ClaimSet, [pointer, value]: readonly [string, ClaimValue | undefined]): ClaimSet {
  const parts = pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return withMember(claims, parts, value);
}

function withMember(
  claims: ClaimSet,
  [name = "", ...rest]: readonly string[],
  value: ClaimValue | undefined,
): ClaimSet {
  const inner = rest.length === 0 ? value : withMember(memberSet(claims, name), rest, value);
  const others = Object.entries(claims).filter(([key]) => key !== name);
  return Object.fromEntries(inner === undefined ? others : [...others, [name, inner]]);
}

function memberSet(claims: ClaimSet, name: string): ClaimSet {
  const member = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return isClaimSet(member) ? member : {};
}

function isClaimSet(value: ClaimValue | undefined): value is ClaimSet {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
