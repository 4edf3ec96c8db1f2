import { sign } from "node:crypto";
import type { SigningKey } from "./signing-key.ts";

const COORDINATE_LENGTH = 32;
const DER_INTEGER = 0x02;

/** A compact JWS with ES256 (RFC 7515 §7.1, RFC 7518 §3.4). Reads the key's encoded header from `jwtHeaderOf`. */
export function signJwt(payload: Readonly<Record<string, unknown>>, encodedHeader: string, key: SigningKey): string {
  const signingInput = `${encodedHeader}.${Buffer.from(JSON.stringify(payload)).toString("base64url")}`;
  // On Node 24 asking OpenSSL for r||s directly costs twice as much as DER and this conversion.
  const der = sign("sha256", Buffer.from(signingInput), key.privateKey);
  return `${signingInput}.${rawSignatureOf(der).toString("base64url")}`;
}

/** The encoded JOSE header, the same for every token of one key. */
export function jwtHeaderOf(key: SigningKey): string {
  return Buffer.from(JSON.stringify({ alg: "ES256", kid: key.kid, typ: "JWT" })).toString("base64url");
}

/** ECDSA-Sig-Value (RFC 3279 §2.2.3) to the fixed-length r||s of RFC 7518 §3.4. @throws {RangeError} on anything else. */
export function rawSignatureOf(der: Uint8Array): Buffer {
  const raw = Buffer.alloc(2 * COORDINATE_LENGTH);
  // A P-256 signature is at most 72 bytes long, so every length fits one byte.
  const r = copyInteger(der, 2, raw, 0);
  copyInteger(der, r, raw, COORDINATE_LENGTH);
  return raw;
}

function copyInteger(der: Uint8Array, offset: number, raw: Buffer, at: number): number {
  const length = der[offset + 1];
  if (der[offset] !== DER_INTEGER || length === undefined) throw new RangeError("not an ECDSA signature in DER");
  const end = offset + 2 + length;
  // A positive integer has a leading zero byte when its first bit is set, and none that it does not need.
  const start = Math.max(offset + 2, end - COORDINATE_LENGTH);
  raw.set(der.subarray(start, end), at + COORDINATE_LENGTH - (end - start));
  return end;
}
