/** What a claim may hold (RFC 7519 §4: any JSON value). */
export type ClaimValue =
  | string
  | number
  | boolean
  | null
  | readonly ClaimValue[]
  | { readonly [name: string]: ClaimValue };

/** The payload of a token, or a part of it. */
export type ClaimSet = Readonly<Record<string, ClaimValue>>;

/** Claims chosen by a person. `undefined` removes the claim from the token. */
export type ClaimOverrides = Readonly<Record<string, ClaimValue | undefined>>;

/** Narrows parsed JSON, which is `unknown`, to a claim's value. */
export function isClaimValue(value: unknown): value is ClaimValue {
  if (value === null) return true;
  if (Array.isArray(value)) return value.every(isClaimValue);
  if (typeof value === "object") return Object.values(value).every(isClaimValue);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
