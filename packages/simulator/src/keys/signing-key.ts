import { createHash, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

/** A public key as a JWKS lists it (RFC 7517 §4, RFC 7518 §6.3.1). */
export interface PublicJwk {
  readonly kty: "RSA";
  readonly alg: "RS256";
  readonly use: "sig";
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

/** A private key together with what the JWKS says about it. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: PublicJwk;
}

const generate = promisify(generateKeyPair);

/** A fresh RSA key of 2048 bits, the size that the simulated providers use. */
export async function generateSigningKey(): Promise<SigningKey> {
  const { privateKey } = await generate("rsa", { modulusLength: 2048 });
  return signingKey(privateKey);
}

/** Wraps an RSA private key; its `kid` is the thumbprint of RFC 7638. @throws {RangeError} for any other kind of key. */
export function signingKey(privateKey: KeyObject): SigningKey {
  if (privateKey.type !== "private" || privateKey.asymmetricKeyType !== "rsa")
    throw new RangeError("not an RSA private key");
  const publicKey = createPublicKey(privateKey);
  const { n, e } = publicKey.export({ format: "jwk" });
  if (n === undefined || e === undefined) throw new RangeError("not an RSA key");
  const kid = createHash("sha256")
    .update(JSON.stringify({ e, kty: "RSA", n }))
    .digest("base64url");
  return { privateKey, publicKey, jwk: { kty: "RSA", alg: "RS256", use: "sig", kid, n, e } };
}
