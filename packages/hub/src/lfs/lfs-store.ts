import type { Readable } from "node:stream";
import type { LfsOid } from "./lfs-oid.ts";

/** The bytes of one stored object, opened: whoever opened it streams it or closes it. */
export interface StoredObject {
  /** Bytes, measured on the opened file and not remembered from anywhere. */
  readonly size: number;
  /**
   * Bytes `start` to `end` inclusive; closes the object when it ends, fails or is destroyed. It fails rather than end early.
   */
  stream(start: number, end: number): Readable;
  /** Needed only when `stream` was not called. */
  close(): Promise<void>;
}

/** One upload in parts: parts of different uploads never mix, even for the same object. */
export interface MultipartUpload {
  /** Random, chosen by us: `[0-9a-f]{32}`. */
  readonly uploadId: string;
  readonly oid: LfsOid;
  /** Bytes of the whole object. */
  readonly size: number;
  /** Bytes of each part but the last. */
  readonly chunkSize: number;
}

/** A part as the client names it when it asks for completion. */
export interface ReceivedPart {
  /** From 1. */
  readonly partNumber: number;
  /** The text that `receivePart` answered, without quotes. */
  readonly tag: string;
}

/**
 * Port: where LFS bytes live, addressed by what they are. It knows nothing of repos: who may see an object is decided by
 * `LfsLinks`, never by the presence of bytes here.
 */
export interface LfsStore {
  /** Bytes; `undefined` when there is no such object. */
  sizeOf(oid: LfsOid): Promise<number | undefined>;

  /** `undefined` when there is no such object. */
  open(oid: LfsOid): Promise<StoredObject | undefined>;

  /**
   * Stores what `source` yields, each piece of which is valid only until the next is asked for; when it resolves the object is durable
   * under its name. Concurrent calls for one object are safe.
   *
   * @throws {HubError} 400 `BadRequest` for another length or digest, 507 `StorageFull`; nothing is left behind then, nor when
   *   `source` fails.
   */
  receive(oid: LfsOid, size: number, source: AsyncIterable<Uint8Array>): Promise<void>;

  /**
   * Keeps one part aside, read like an object, and answers its tag. A part sent twice has two tags, and only the one named at completion counts.
   *
   * @throws {HubError} 400 `BadRequest` for another length, 507 `StorageFull`.
   */
  receivePart(upload: MultipartUpload, partNumber: number, source: AsyncIterable<Uint8Array>): Promise<string>;

  /**
   * Joins the parts into the object, verified like `receive`, and forgets them.
   *
   * @throws {HubError} 400 `BadRequest` when a part is missing, unknown or too many, or the whole is not the object.
   */
  assemble(upload: MultipartUpload, parts: readonly ReceivedPart[]): Promise<void>;
}

/** How many parts an upload has; zero for an empty object. */
export function partCountOf(upload: { readonly size: number; readonly chunkSize: number }): number {
  return Math.ceil(upload.size / upload.chunkSize);
}

/** Bytes of part `partNumber` (from 1): `chunkSize`, or what is left for the last one. */
export function partSizeOf(upload: { readonly size: number; readonly chunkSize: number }, partNumber: number): number {
  return Math.min(upload.chunkSize, upload.size - (partNumber - 1) * upload.chunkSize);
}
