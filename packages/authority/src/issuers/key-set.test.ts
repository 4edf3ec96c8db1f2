import { describe, expect, it } from "vitest";
import { ecKey, publicJwk, rsaKey } from "../token-exchange/local-issuer.contract.ts";
import { chooseKey, parseKeySet } from "./key-set.ts";

const rsa = rsaKey("r1");
const jwk = publicJwk(rsa);

function kidsOf(...keys: readonly unknown[]): readonly (string | undefined)[] | undefined {
  return parseKeySet(JSON.parse(JSON.stringify({ keys })))?.map(({ kid }) => kid);
}

describe("parseKeySet", () => {
  it("takes RSA and the two curves, each for one algorithm", () => {
    const keys = [jwk, publicJwk(ecKey("e1", "P-256")), publicJwk(ecKey("e2", "P-384"))];
    expect(parseKeySet(JSON.parse(JSON.stringify({ keys })))?.map(({ alg }) => alg)).toEqual([
      "RS256",
      "ES256",
      "ES384",
    ]);
  });

  it.each([
    ["a key for encryption", { ...jwk, use: "enc" }],
    ["a key for signing only", { ...jwk, key_ops: ["sign"] }],
    ["a key whose operations repeat", { ...jwk, key_ops: ["verify", "verify"] }],
    ["a key whose operations are no texts", { ...jwk, key_ops: ["verify", 1] }],
    ["a key of another algorithm", { ...jwk, alg: "RS512" }],
    ["a symmetric key", { kty: "oct", k: "AAAA", kid: "o" }],
    ["a key with its private half", { ...jwk, ...rsa.privateKey.export({ format: "jwk" }) }],
    ["RSA with 1024 bits", publicJwk(rsaKey("small", 1024))],
    ["RSA with the exponent 1", { ...jwk, e: "AQ" }],
    ["an unknown curve", { kty: "EC", crv: "secp256k1", x: "AA", y: "AA" }],
    ["a key without numbers", { kty: "RSA", kid: "empty" }],
    ["a curve called constructor", { kty: "EC", crv: "constructor" }],
  ])("leaves out %s", (_what, key) => expect(kidsOf(key)).toEqual([]));

  it("leaves out every key of a kid that occurs twice", () => {
    expect(kidsOf(jwk, { ...publicJwk(rsaKey("r1")) }, publicJwk(ecKey("e1", "P-256")))).toEqual(["e1"]);
  });

  it.each([
    ["no object", []],
    ["no list of keys", { keys: {} }],
    ["more than 50 keys", { keys: Array.from({ length: 51 }, () => ({})) }],
  ])("refuses a document with %s", (_what, document) => {
    expect(parseKeySet(JSON.parse(JSON.stringify(document)))).toBeUndefined();
  });
});

describe("chooseKey", () => {
  const { kid: _kid, ...nameless } = jwk;
  const keys = parseKeySet(JSON.parse(JSON.stringify({ keys: [nameless] })));

  it("takes the only key without a name for a token that names none", () => {
    expect(chooseKey(keys, undefined, "RS256")).toBeDefined();
  });

  it("refuses a token that names a key where the only key has no name", () => {
    expect(chooseKey(keys, "r1", "RS256")).toBeUndefined();
  });
});
