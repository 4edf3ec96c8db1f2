import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import type { JsonObject, JsonValue } from "@postern/core/claims/claim-set";
import { readClaim, readText } from "@postern/core/claims/read-claim";
import type { SigningAlgorithm } from "@postern/core/provider/provider-preset";

const MAX_KEYS = 50;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;
const CURVE_ALGORITHM: Readonly<Record<string, SigningAlgorithm>> = { "P-256": "ES256", "P-384": "ES384" };

/** A public key of an issuer and the one algorithm that it is used with. */
export interface IssuerKey {
  readonly kid: string | undefined;
  readonly alg: SigningAlgorithm;
  readonly key: KeyObject;
  /** As the issuer wrote it. */
  readonly jwk: JsonObject;
}

/**
 * The keys of a JWK set (RFC 7517 §5) that may verify a signature; the others are left out, as §5 asks for unknown ones.
 *
 * Left out: keys for encryption, symmetric keys, keys that carry their private half, RSA below 2048 bits, and **all** keys of a `kid`
 * that occurs twice, because it would be chance which of them counts.
 *
 * @returns `undefined` when the document is no key set or holds more than 50 keys.
 */
export function parseKeySet(document: JsonValue): readonly IssuerKey[] | undefined {
  if (!isObject(document)) return undefined;
  const entries = readClaim(document, "keys");
  if (!Array.isArray(entries) || entries.length > MAX_KEYS) return undefined;
  const jwks = entries.filter(isObject);
  const kids = jwks.map((jwk) => readText(jwk, "kid"));
  return jwks.flatMap((jwk) => {
    const kid = readText(jwk, "kid");
    if (kid !== undefined && kids.indexOf(kid) !== kids.lastIndexOf(kid)) return [];
    const key = importKey(jwk);
    return key === undefined ? [] : [{ kid, jwk, ...key }];
  });
}

/** A token that names a key gets that key or none; one that names none is only unambiguous when a single key fits. */
export function chooseKey(
  keys: readonly IssuerKey[] | undefined,
  kid: string | undefined,
  alg: SigningAlgorithm,
): KeyObject | undefined {
  const fit = (keys ?? []).filter((key) => key.alg === alg);
  if (kid !== undefined) return fit.find((key) => key.kid === kid)?.key;
  return fit.length === 1 ? fit[0]?.key : undefined;
}

function importKey(jwk: JsonObject): Omit<IssuerKey, "kid" | "jwk"> | undefined {
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name)) || !isForVerifying(jwk)) return undefined;
  const alg = algorithmOf(jwk);
  const named = readClaim(jwk, "alg");
  if (alg === undefined || (named !== undefined && named !== alg)) return undefined;
  const key = importPublic(jwk, alg);
  return key === undefined ? undefined : { alg, key };
}

function isForVerifying(jwk: JsonObject): boolean {
  const use = readClaim(jwk, "use");
  const operations = readClaim(jwk, "key_ops");
  if (use !== undefined && use !== "sig") return false;
  if (operations === undefined) return true;
  if (!Array.isArray(operations) || !operations.includes("verify")) return false;
  // RFC 7517 §4.3: an array of texts, none of them twice.
  return operations.every((name) => typeof name === "string") && new Set(operations).size === operations.length;
}

function algorithmOf(jwk: JsonObject): SigningAlgorithm | undefined {
  const kty = readText(jwk, "kty");
  if (kty === "RSA") return "RS256";
  const curve = readText(jwk, "crv");
  if (kty !== "EC" || curve === undefined || !Object.hasOwn(CURVE_ALGORITHM, curve)) return undefined;
  return CURVE_ALGORITHM[curve];
}

function importPublic(jwk: JsonObject, alg: SigningAlgorithm): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: webKeyOf(jwk), format: "jwk" });
    if (alg !== "RS256") return key;
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    // An exponent of 1 makes every signature valid.
    const exponent = key.asymmetricKeyDetails?.publicExponent ?? 0n;
    return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS && exponent >= 3n ? key : undefined;
  } catch {
    return undefined;
  }
}

/** True when any key of the set carries its private half, or is symmetric: whoever shows it has given it away. */
export function carriesPrivateKey(document: JsonValue): boolean {
  const entries = isObject(document) ? readClaim(document, "keys") : undefined;
  if (!Array.isArray(entries)) return false;
  return entries.filter(isObject).some((jwk) => PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name)));
}

/** The members that make up a public RSA or EC key, and nothing else (RFC 7518 §6.2.1, §6.3.1). */
export function publicMembers(jwk: JsonObject): Readonly<Record<string, string>> {
  const members: Record<string, string> = {};
  for (const name of ["kty", "n", "e", "crv", "x", "y"] as const) {
    const value = readText(jwk, name);
    if (value !== undefined) members[name] = value;
  }
  return members;
}

function webKeyOf(jwk: JsonObject): JsonWebKey {
  return { ...publicMembers(jwk) };
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
