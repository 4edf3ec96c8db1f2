import { createHmac } from "node:crypto";
import type { TokenForge } from "./token-forge.contract.ts";

/** Group orders (FIPS 186-4 D.1.2.3, D.1.2.4). */
const ORDER = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
} as const;

function toBig(octets: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(octets).toString("hex") || "0"}`);
}

function toOctets(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex");
}

function derInteger(octets: Buffer): Buffer {
  let at = 0;
  while (at < octets.length - 1 && octets[at] === 0) at += 1;
  const body = octets.subarray(at);
  const padded = (body[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), body]) : body;
  return Buffer.concat([Buffer.from([2, padded.length]), padded]);
}

function withSignature(token: string, signature: Uint8Array): string {
  return token.replace(/[^.]*$/, Buffer.from(signature).toString("base64url"));
}

function signatureOf(token: string): Buffer {
  return Buffer.from(token.split(".")[2] ?? "", "base64url");
}

/** ECDSA signatures of other values, lengths and encodings (RFC 7518 §3.4). */
export function ecdsaSignature(forge: TokenForge): string {
  const alg = forge.pick<"ES256" | "ES384">(["ES256", "ES256", "ES384"]);
  const token = forge.valid(alg);
  const signature = signatureOf(token);
  const half = signature.length / 2;
  const [r, s] = [signature.subarray(0, half), signature.subarray(half)];
  const order = ORDER[alg];
  const zero = Buffer.alloc(half);
  const number = toOctets(order, half);
  const der = Buffer.concat([derInteger(r), derInteger(s)]);
  return withSignature(
    token,
    forge.pick<Buffer>([
      // The other signature of the same text: valid, so a signature must never tell one token from another.
      Buffer.concat([r, toOctets(order - toBig(s), half)]),
      Buffer.concat([zero, zero]),
      Buffer.concat([zero, s]),
      Buffer.concat([r, zero]),
      Buffer.concat([number, s]),
      Buffer.concat([number, number]),
      Buffer.concat([r, number]),
      Buffer.concat([s, r]),
      Buffer.concat([Buffer.from([0x30, der.length]), der]),
      Buffer.concat([Buffer.from([0]), r, Buffer.from([0]), s]),
      Buffer.concat([r, s, Buffer.from([0])]),
      Buffer.concat([Buffer.from([0]), r, s]),
      signature.subarray(1),
      signature.subarray(0, -1),
      signature.subarray(0, half),
      signature.subarray(0, 64),
      Buffer.concat([zero, r, zero, s]),
      Buffer.alloc(0),
      Buffer.alloc(half * 2, 0xff),
    ]),
  );
}

/** RSA signatures of other lengths and values (RFC 8017 §8.2.2 step 1). */
export function rsaSignature(forge: TokenForge): string {
  const token = forge.valid("RS256");
  const signature = signatureOf(token);
  const modulus = Buffer.from(String(forge.keys.rsa.publicKey.export({ format: "jwk" }).n), "base64url");
  const sum = toBig(signature) + toBig(modulus);
  return withSignature(
    token,
    forge.pick<Buffer>([
      Buffer.concat([Buffer.from([0]), signature]),
      Buffer.concat([signature, Buffer.from([0])]),
      signature.subarray(1),
      signature.subarray(0, -1),
      toOctets(sum, Math.ceil(sum.toString(16).length / 2)),
      Buffer.alloc(256),
      Buffer.alloc(256, 0xff),
      modulus,
      toOctets(1n, 256),
      toOctets(toBig(modulus) - 1n, 256),
      signature,
    ]),
  );
}

/** `none`, MACs keyed with what is public, and algorithms that do not belong to the key (RFC 8725 §2.1, §3.1). */
export function confusedAlgorithm(forge: TokenForge): string {
  const alg = forge.pick<unknown>([
    "none",
    "None",
    "nOnE",
    "NONE",
    "",
    "HS256",
    "HS384",
    "HS512",
    "hs256",
    "es256",
    "ES256 ",
    "ES256\u0000",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "Ed25519",
    "ML-DSA-44",
    "RSA-OAEP",
    "dir",
    null,
    7,
    ["ES256"],
    { ES256: true },
    "__proto__",
    "constructor",
    undefined,
  ]);
  const key = forge.pick([forge.keys.p256, forge.keys.p256, forge.keys.p384, forge.keys.foreign]);
  const header = { alg, kid: forge.pick(["e1", "e2", "r1", undefined]), typ: "JWT" };
  const hash = forge.pick(["sha256", "sha384", "sha512"]);
  const token = forge.sign(header, forge.claims(), key, hash);
  if (forge.next() < 0.4) return token;
  const input = token.slice(0, token.lastIndexOf("."));
  const publicKey = forge.pick([forge.keys.rsa, forge.keys.p256]).publicKey;
  const secret = forge.pick<string | Buffer>([
    publicKey.export({ type: "spki", format: "pem" }),
    publicKey.export({ type: "spki", format: "der" }),
    JSON.stringify(publicKey.export({ format: "jwk" })),
    "\u0000",
  ]);
  return `${input}.${forge.pick(["", createHmac(hash, secret).update(input).digest("base64url")])}`;
}
