import { createHash, generateKeyPairSync } from "node:crypto";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { RandomBytes } from "./random-bytes.ts";
import { sealPrivateKey } from "./sealed-private-key.ts";
import type { StoredSigningKey } from "./signing-key-store.ts";

/** A new P-256 key, sealed for storage. */
export function makeSigningKey(
  times: { readonly createdAt: EpochSeconds; readonly signsFrom: EpochSeconds },
  secret: Uint8Array,
  randomBytes: RandomBytes,
): StoredSigningKey {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  if (x === undefined || y === undefined) throw new Error("a P-256 key without coordinates");
  const kid = thumbprint(x, y);
  return {
    kid,
    publicJwk: { kty: "EC", crv: "P-256", x, y, kid, alg: "ES256", use: "sig" },
    sealedPrivateKey: sealPrivateKey(privateKey, kid, secret, randomBytes),
    ...times,
    retiredAt: undefined,
  };
}

/** RFC 7638 §3: required members only, keys sorted, no blanks. */
function thumbprint(x: string, y: string): string {
  return createHash("sha256").update(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).digest("base64url");
}
