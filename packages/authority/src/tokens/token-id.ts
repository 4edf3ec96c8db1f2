import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/**
 * A UUID version 7 (RFC 9562 §5.7): ids of tokens made later sort later, so that storing one touches the end of an index and not a random
 * page of it.
 *
 * @param random - 16 random bytes, of which 74 bits are kept.
 */
export function timeOrderedId(at: EpochSeconds, random: Uint8Array): string {
  const bytes = Buffer.from(random.subarray(0, 16));
  if (bytes.length !== 16) throw new RangeError("16 random bytes are needed");
  bytes.writeUIntBE(at * 1000, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The id of a user token: the first half of its digest, so that the token alone finds its row. Says nothing about the token. */
export function idOfDigest(digest: Uint8Array): string {
  return Buffer.from(digest.subarray(0, 16)).toString("hex");
}
