import { generateKeyPairSync } from "node:crypto";
import { compactVerify } from "jose";
import { describe, expect, it } from "vitest";
import { jwtHeaderOf, rawSignatureOf, signJwt } from "./sign-jwt.ts";
import type { SigningKey } from "./signing-key.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const KEY: SigningKey = {
  kid: "k-1",
  privateKey,
  publicJwk: { kty: "EC", crv: "P-256", x: "", y: "", kid: "k-1", alg: "ES256", use: "sig" },
};

describe("signJwt", () => {
  // Signatures are random: about one in 128 has a short number in it, the case that a conversion gets wrong.
  it("makes signatures that jose accepts, 600 times", async () => {
    const header = jwtHeaderOf(KEY);
    for (let round = 0; round < 600; round += 1) {
      const verified = await compactVerify(signJwt({ round }, header, KEY), publicKey, { algorithms: ["ES256"] });
      expect(JSON.parse(Buffer.from(verified.payload).toString())).toEqual({ round });
    }
  });
});

describe("rawSignatureOf", () => {
  it("pads short numbers and drops the sign byte of long ones", () => {
    const short = Buffer.from("300702010102020" + "0ff", "hex");
    expect(rawSignatureOf(short).toString("hex")).toBe(`${"00".repeat(31)}01${"00".repeat(31)}ff`);
    const long = Buffer.concat([
      Buffer.from("3046022100", "hex"),
      Buffer.alloc(32, 0xfe),
      Buffer.from("022100", "hex"),
      Buffer.alloc(32, 0xfd),
    ]);
    expect(rawSignatureOf(long).toString("hex")).toBe("fe".repeat(32) + "fd".repeat(32));
  });

  it.each(["", "30", "3006010101020101", "300602"])("refuses %s", (hex) => {
    expect(() => rawSignatureOf(Buffer.from(hex, "hex"))).toThrow(RangeError);
  });
});
