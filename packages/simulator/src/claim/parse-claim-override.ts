import { type ClaimOverrides, type ClaimValue, isClaimValue } from "./claim-value.ts";

export type ParsedClaimOverride =
  | { readonly kind: "override"; readonly name: string; readonly value: ClaimValue | undefined }
  | { readonly kind: "malformed"; readonly reason: string };

/**
 * Reads one override: `claim=text`, `claim:=JSON`, or `claim=` to remove the claim.
 *
 * An empty string is a value of its own and is written `claim:=""`.
 */
export function parseClaimOverride(text: string): ParsedClaimOverride {
  const equals = text.indexOf("=");
  if (equals < 0) return malformed(`"${text}" has no "=": write claim=text, claim:=JSON, or claim= to remove it.`);
  const typed = text.charAt(equals - 1) === ":";
  const name = text.slice(0, typed ? equals - 1 : equals);
  const value = text.slice(equals + 1);
  if (name === "") return malformed(`"${text}" names no claim.`);
  if (!typed) return { kind: "override", name, value: value === "" ? undefined : value };
  const parsed = parseJson(value);
  if (!isClaimValue(parsed)) return malformed(`${name}: "${value}" is not JSON. For plain text write ${name}=text.`);
  return { kind: "override", name, value: parsed };
}

/** Reads several overrides; a later one replaces an earlier one. @throws {RangeError} for the first malformed one. */
export function parseClaimOverrides(texts: readonly string[]): ClaimOverrides {
  const entries = texts.map((text): readonly [string, ClaimValue | undefined] => {
    const parsed = parseClaimOverride(text);
    if (parsed.kind === "malformed") throw new RangeError(parsed.reason);
    return [parsed.name, parsed.value];
  });
  // `Object.fromEntries` defines own properties, so that a claim called `__proto__` is only a claim.
  return Object.fromEntries(entries);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function malformed(reason: string): ParsedClaimOverride {
  return { kind: "malformed", reason };
}
