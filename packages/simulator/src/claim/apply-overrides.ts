import type { ClaimOverrides, ClaimSet, ClaimValue } from "./claim-value.ts";

/** The claims as they go into the token: overrides replace, `undefined` removes. */
export function applyOverrides(claims: ClaimSet, overrides: ClaimOverrides): ClaimSet {
  const merged: Record<string, ClaimValue | undefined> = Object.fromEntries([
    ...Object.entries(claims),
    ...Object.entries(overrides),
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
