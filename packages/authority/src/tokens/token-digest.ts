import { hash, timingSafeEqual } from "node:crypto";

/** SHA-256 of the token text, 32 bytes: what is stored in place of a token. */
export function digestOfToken(text: string): Uint8Array {
  return hash("sha256", text, "buffer");
}

/** Compares in constant time. */
export function sameDigest(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
