import { createHash, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

/** What the simulated providers sign with (RFC 7518 §3.1). */
export type SimulatedAlgorithm = "RS256" | "ES384";

/** A public key as a JWKS lists it (RFC 7517 §4; RFC 7518 §6.2.1 and §6.3.1). */
export type PublicJwk =
  | {
      readonly kty: "RSA";
      readonly alg: "RS256";
      readonly use: "sig";
      readonly kid: string;
      readonly n: string;
      readonly e: string;
    }
  | {
      readonly kty: "EC";
      readonly alg: "ES384";
      readonly use: "sig";
      readonly kid: string;
      readonly crv: "P-384";
      readonly x: string;
      readonly y: string;
    };

/** A private key together with what the JWKS says about it. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: PublicJwk;
}

const generate = promisify(generateKeyPair);

/** A fresh key: RSA of 2048 bits, the size that most simulated providers use, or P-384. */
export async function generateSigningKey(algorithm: SimulatedAlgorithm = "RS256"): Promise<SigningKey> {
  const { privateKey } =
    algorithm === "RS256"
      ? await generate("rsa", { modulusLength: 2048 })
      : await generate("ec", { namedCurve: "P-384" });
  return signingKey(privateKey);
}

/** Wraps an RSA or P-384 private key; its `kid` is the thumbprint of RFC 7638. @throws {RangeError} for any other kind of key. */
export function signingKey(privateKey: KeyObject): SigningKey {
  if (privateKey.type !== "private") throw new RangeError("not a private key");
  const publicKey = createPublicKey(privateKey);
  const { kty, n, e, crv, x, y } = publicKey.export({ format: "jwk" });
  if (kty === "RSA" && n !== undefined && e !== undefined) {
    const kid = thumbprint({ e, kty, n });
    return { privateKey, publicKey, jwk: { kty, alg: "RS256", use: "sig", kid, n, e } };
  }
  if (kty === "EC" && crv === "P-384" && x !== undefined && y !== undefined) {
    const kid = thumbprint({ crv, kty, x, y });
    return { privateKey, publicKey, jwk: { kty, alg: "ES384", use: "sig", kid, crv, x, y } };
  }
  throw new RangeError("not an RSA or P-384 key");
}

/** The members in the order of their names (RFC 7638 §3.1). */
function thumbprint(members: Readonly<Record<string, string>>): string {
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url");
}
