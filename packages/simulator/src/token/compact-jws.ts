import { createHmac, type KeyObject, sign } from "node:crypto";
import type { ClaimSet } from "../claim/claim-value.ts";

/** How a token is signed, the dishonest ways included. */
export type TokenSignature =
  | { readonly kind: "RS256" | "ES384"; readonly privateKey: KeyObject }
  | { readonly kind: "hs256"; readonly secret: string }
  | { readonly kind: "none" };

/** A JWT in compact form (RFC 7515 §7.1); `flipBit` damages the signature. */
export function compactJws(
  header: Readonly<Record<string, string>>,
  claims: ClaimSet,
  signature: TokenSignature,
  flipBit: boolean,
): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const bytes = signatureBytes(input, signature);
  if (flipBit && bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  return `${input}.${bytes.toString("base64url")}`;
}

function signatureBytes(input: string, signature: TokenSignature): Buffer {
  switch (signature.kind) {
    case "RS256":
      return sign("RSA-SHA256", Buffer.from(input), signature.privateKey);
    case "ES384":
      // JWS has R and S of fixed length (RFC 7518 §3.4), not DER.
      return sign("sha384", Buffer.from(input), { key: signature.privateKey, dsaEncoding: "ieee-p1363" });
    case "hs256":
      return createHmac("sha256", signature.secret).update(input).digest();
    case "none":
      return Buffer.alloc(0);
  }
}

function encode(value: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
