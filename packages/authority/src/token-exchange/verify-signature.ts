import { type KeyObject, verify } from "node:crypto";
import type { SigningAlgorithm } from "@postern/core/provider/provider-preset";

const HASH: Readonly<Record<SigningAlgorithm, string>> = { RS256: "sha256", ES256: "sha256", ES384: "sha384" };
/** JWS carries ECDSA signatures as R and S of fixed length (RFC 7518 §3.4). */
const ECDSA_LENGTH: Readonly<Record<SigningAlgorithm, number | undefined>> = {
  RS256: undefined,
  ES256: 64,
  ES384: 96,
};

/** Checks one JWS signature with a key that was chosen for `alg` (RFC 7518 §3.3, §3.4). */
export function verifySignature(
  alg: SigningAlgorithm,
  key: KeyObject,
  signingInput: Uint8Array,
  signature: Uint8Array,
): boolean {
  const length = ECDSA_LENGTH[alg];
  if (length === undefined) return verify(HASH[alg], signingInput, key, signature);
  if (signature.length !== length) return false;
  return verify(HASH[alg], signingInput, { key, dsaEncoding: "ieee-p1363" }, signature);
}
