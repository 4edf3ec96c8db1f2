import type { ClaimSet } from "../claim/claim-value.ts";
import type { TokenFault } from "../fault/fault.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import { compactJws } from "./compact-jws.ts";

/** Signs as the provider does (with a `kid`), or as an attacker would where a fault says so. */
export async function signClaims(
  claims: ClaimSet,
  faults: readonly TokenFault[],
  keys: KeyRing,
  foreignKeysUrl: string,
): Promise<string> {
  const has = (kind: TokenFault["kind"]): boolean => faults.some((fault) => fault.kind === kind);
  const flipBit = has("bad-signature");

  if (has("alg-none")) return compactJws({ alg: "none", typ: "JWT" }, claims, { kind: "none" }, flipBit);
  if (has("hs256-confusion")) {
    const { jwk, publicKey } = await keys.current();
    // The classic confusion: a verifier that takes `alg` from the token uses the public key as an HMAC secret.
    const secret = publicKey.export({ format: "pem", type: "spki" }).toString();
    return compactJws({ alg: "HS256", typ: "JWT", kid: jwk.kid }, claims, { kind: "hs256", secret }, flipBit);
  }
  if (has("jku-header") || has("unknown-key")) {
    const { jwk, privateKey } = await keys.foreign();
    const plain = { alg: jwk.alg, typ: "JWT", kid: jwk.kid };
    const header = has("jku-header") ? { ...plain, jku: foreignKeysUrl } : plain;
    return compactJws(header, claims, { kind: jwk.alg, privateKey }, flipBit);
  }
  const { jwk, privateKey } = await keys.current();
  return compactJws({ alg: jwk.alg, typ: "JWT", kid: jwk.kid }, claims, { kind: jwk.alg, privateKey }, flipBit);
}
