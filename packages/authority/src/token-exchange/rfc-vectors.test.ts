import { OAuthError } from "@postern/core/error/oauth-error";
import { compactVerify, importJWK } from "jose";
import { describe, expect, it } from "vitest";
import { carriesPrivateKey, chooseKey, parseKeySet } from "../issuers/key-set.ts";
import {
  RFC_7517_PRIVATE_KEYS,
  RFC_7517_PUBLIC_KEYS,
  RFC_7517_SYMMETRIC_KEYS,
  RFC_VECTORS,
  type RfcVector,
} from "./rfc-vectors.contract.ts";
import { parseUnverifiedSubjectToken } from "./unverified-subject-token.ts";
import { verifySignature } from "./verify-signature.ts";

const ALGORITHMS = ["RS256", "ES256", "ES384"] as const;
const OURS = RFC_VECTORS.filter(({ alg }) => alg !== null);
const OTHERS = RFC_VECTORS.filter(({ alg }) => alg === null);

function verifies(
  { jwk, token }: RfcVector,
  alg: (typeof ALGORITHMS)[number],
  spoil = (octets: Buffer) => octets,
): boolean {
  const key = chooseKey(parseKeySet({ keys: [jwk] }), undefined, alg);
  const at = token.lastIndexOf(".");
  const signature = spoil(Buffer.from(token.slice(at + 1), "base64url"));
  return key !== undefined && verifySignature(alg, key, Buffer.from(token.slice(0, at)), signature);
}

describe("examples of the specifications", () => {
  it.each(OURS)("verifies the signature of $section, as jose does", async (vector) => {
    const { jwk, token, alg } = vector;
    expect(ALGORITHMS.filter((name) => verifies(vector, name))).toEqual([alg]);
    await compactVerify(token, await importJWK({ ...jwk, kty: String(jwk.kty) }, alg ?? ""));
  });

  it.each(OURS)("refuses the signature of $section with any octet changed", (vector) => {
    const { alg, token } = vector;
    const length = Buffer.from(token.slice(token.lastIndexOf(".") + 1), "base64url").length;
    for (let at = 0; at < length; at += 1) {
      const spoil = (octets: Buffer): Buffer => octets.fill((octets[at] ?? 0) ^ 1, at, at + 1);
      expect(verifies(vector, alg ?? "RS256", spoil), `octet ${at}`).toBe(false);
    }
  });

  it.each(OTHERS)("verifies $section with none of our algorithms", (vector) => {
    expect(ALGORITHMS.filter((name) => verifies(vector, name))).toEqual([]);
  });

  it.each(RFC_VECTORS)("reads $section as expected: $reading", ({ token, reading }) => {
    let found = "parsed";
    try {
      parseUnverifiedSubjectToken(token);
    } catch (error) {
      found = error instanceof OAuthError ? String(error.exchangeCode) : String(error);
    }
    expect(found).toBe(reading);
  });

  it("takes of the keys of RFC 7517 appendix A.1 the one for signatures", () => {
    expect(parseKeySet(RFC_7517_PUBLIC_KEYS)?.map(({ kid }) => kid)).toEqual(["2011-04-29"]);
  });

  it("takes none of the private keys of RFC 7517 appendix A.2 and none of the symmetric ones of A.3", () => {
    for (const document of [RFC_7517_PRIVATE_KEYS, RFC_7517_SYMMETRIC_KEYS]) {
      expect(carriesPrivateKey(document)).toBe(true);
      expect(parseKeySet(document)).toEqual([]);
    }
  });
});
