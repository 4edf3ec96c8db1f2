import type { LfsOid } from "./lfs-oid.ts";

/** An object on its way into one repo. */
export interface DirectUpload {
  readonly repoId: string;
  readonly oid: LfsOid;
  /** Bytes. */
  readonly size: number;
}

/** What may have come through an upload URL; `size` where it is known. */
export interface Arrival extends Pick<DirectUpload, "repoId" | "oid"> {
  readonly size?: number | undefined;
}

/** Part URLs of one upload, in order. */
export interface DirectParts {
  /** Give it back to `LfsStore.assemble`. */
  readonly uploadId: string;
  readonly urls: readonly string[];
}

/**
 * Port: transfers between a client and the store itself, past us. Only stores that can sign URLs have it.
 *
 * Nothing that comes in this way is an object before its bytes were read back and hashed here: the checksum that S3 can enforce travels in
 * a header, and LFS clients send none to a PUT (hub-wire §0, fact 3). The attack: a writer who announces the SHA-256 of a well-known
 * model, sends other bytes, and has every reader of that hash served with them.
 */
export interface DirectTransfers {
  /** Good for one kind of request, a GET with or without a range, for `seconds`; nobody's right is looked at again. */
  downloadUrl(oid: LfsOid, answer: DownloadAnswer, seconds: number): Promise<string>;

  /** Takes one PUT of exactly `size` bytes, into a place that belongs to this repo; `undefined` when it is too large for one. */
  uploadUrl(upload: DirectUpload, seconds: number): Promise<string | undefined>;

  /** Begins an upload in parts of `chunkSize`. */
  beginParts(upload: DirectUpload, chunkSize: number, seconds: number): Promise<DirectParts>;

  /** Whether the store takes parts of that size: they have a least size. */
  takesPartsOf(chunkSize: number): boolean;

  /**
   * Looks for what came through `uploadUrl`, checks its SHA-256 (and its length where one is given), and makes it the object.
   *
   * @returns its length in bytes; `undefined` when nothing came.
   * @throws {HubError} 400 `BadRequest` for other bytes, which are removed.
   */
  settle(upload: Arrival): Promise<number | undefined>;
}

/** What the store is to say about the bytes. */
export interface DownloadAnswer {
  readonly contentType: string;
  readonly contentDisposition: string;
}
