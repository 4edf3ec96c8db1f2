import { hash } from "node:crypto";

/** Bytes of every hash of the tree (SHA-256). */
export const HASH_LENGTH = 32;

/** `MTH({})`: the root of a tree without leaves (RFC 6962 §2.1). */
export const EMPTY_ROOT: Uint8Array = hash("sha256", "", "buffer");

/** Hash of a leaf: the line of an export, in UTF-8, without its line feed (RFC 6962 §2.1: `SHA-256(0x00 || d)`). */
export function leafHash(line: string): Uint8Array {
  // U+0000 is the byte 0x00 in UTF-8: one call instead of a copy. The prefix keeps a leaf from being taken for a node.
  return hash("sha256", `\u0000${line}`, "buffer");
}

/** Hash of an inner node (RFC 6962 §2.1: `SHA-256(0x01 || left || right)`). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + 2 * HASH_LENGTH);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + HASH_LENGTH);
  return hash("sha256", bytes, "buffer");
}
