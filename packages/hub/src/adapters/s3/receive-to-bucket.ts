import { createHash } from "node:crypto";
import { HubError } from "@postern/core/error/hub-error";
import type { LfsOid } from "../../lfs/lfs-oid.ts";
import { type CompletedPart, MIN_PART_SIZE, type S3Bucket } from "./s3-bucket.ts";

export interface ExpectedObject {
  /** Bytes. */
  readonly size: number;
  /** Left out for a part, whose bytes are only judged as a piece of the whole. */
  readonly oid?: LfsOid;
}

const MIB = 1024 * 1024;
/** Three buffers of this size are all that an upload keeps in memory. */
const PART_SIZE = 8 * MIB;
/** S3 takes 10,000 parts; a little room for stores that take fewer. */
const MAX_PARTS = 9000;
/** Parts on their way while the next one fills. */
const WIDTH = 2;

/**
 * Sends `source` to `key`, hashing on the way. The object appears there only when length and SHA-256 are right: a multipart upload is
 * nothing until it is completed.
 *
 * @throws {HubError} 400 `BadRequest` as soon as one byte too many arrives, or at the end when bytes are missing or differ.
 */
export async function receiveToBucket(
  bucket: S3Bucket,
  key: string,
  expected: ExpectedObject,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  const partSize = Math.max(PART_SIZE, MIN_PART_SIZE, Math.ceil(expected.size / MAX_PARTS / MIB) * MIB);
  if (expected.size <= partSize) {
    let whole = new Uint8Array(0);
    for await (const piece of checkedPieces(source, expected, partSize)) whole = piece;
    await bucket.put(key, whole);
    return;
  }
  const uploadId = await bucket.beginUpload(key);
  const sending = new Set<Promise<CompletedPart>>();
  try {
    const parts: Promise<CompletedPart>[] = [];
    for await (const piece of checkedPieces(source, expected, partSize)) {
      const part = bucket.putPart(key, uploadId, parts.length + 1, piece);
      parts.push(part);
      sending.add(part);
      // A failure is looked at below; without this it would be an unhandled rejection until then.
      part.then(
        () => sending.delete(part),
        () => {},
      );
      if (sending.size >= WIDTH) await Promise.race(sending);
    }
    await bucket.completeUpload(key, uploadId, await Promise.all(parts));
  } catch (error) {
    // A part that arrives after the end of its upload would stay for ever.
    await Promise.allSettled(sending);
    await bucket.abortUpload(key, uploadId).catch(() => {});
    throw error;
  }
}

/** Pieces of exactly `pieceSize` but the last; ends only when all the expected bytes came. */
async function* checkedPieces(
  source: AsyncIterable<Uint8Array>,
  { size, oid }: ExpectedObject,
  pieceSize: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const hash = oid === undefined ? undefined : createHash("sha256");
  let received = 0;
  let piece = new Uint8Array(Math.min(pieceSize, size));
  let filled = 0;
  for await (const chunk of source) {
    if (received + chunk.length > size) throw wrongBytes(`more than the ${size} bytes that were announced`);
    hash?.update(chunk);
    for (let offset = 0; offset < chunk.length; ) {
      // Only once there is more: the last piece waits for the digest.
      if (filled === piece.length) {
        yield piece;
        piece = new Uint8Array(Math.min(pieceSize, size - received));
        filled = 0;
      }
      const taken = chunk.subarray(offset, offset + piece.length - filled);
      piece.set(taken, filled);
      filled += taken.length;
      received += taken.length;
      offset += taken.length;
    }
  }
  if (received !== size) throw wrongBytes(`${received} bytes where ${size} were announced`);
  if (hash !== undefined && hash.digest("hex") !== oid) throw wrongBytes("bytes with another SHA-256");
  if (filled > 0) yield piece;
}

/** @param what - After "The upload brought". */
export function wrongBytes(what: string): HubError {
  return new HubError(400, "BadRequest", `The upload brought ${what}. Nothing was stored; send the file again.`);
}
