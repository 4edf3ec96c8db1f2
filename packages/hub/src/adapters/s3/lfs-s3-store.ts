import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { HubError } from "@postern/core/error/hub-error";
import type { LfsOid } from "../../lfs/lfs-oid.ts";
import {
  type LfsStore,
  type MultipartUpload,
  partCountOf,
  partSizeOf,
  type ReceivedPart,
  type StoredObject,
} from "../../lfs/lfs-store.ts";
import type { BucketKeys } from "./bucket-keys.ts";
import { receiveToBucket, wrongBytes } from "./receive-to-bucket.ts";
import type { S3Bucket } from "./s3-bucket.ts";
import type { S3Upkeep } from "./s3-upkeep.ts";
import { storeRefusal } from "./store-refusal.ts";

export interface LfsS3StoreDeps {
  readonly bucket: S3Bucket;
  readonly keys: BucketKeys;
  readonly upkeep: S3Upkeep;
  /** 32 random hex digits. */
  readonly newTag: () => string;
}

/**
 * LFS objects in a bucket of an S3-compatible store, under `objects/{SHA-256}`. The layout is documented in `docs/reference/lfs-store.md`.
 *
 * A key below `objects/` is only ever written by us, and only with bytes that we hashed: by an upload that is completed after its digest
 * matched, or by a copy inside the store from a place that no client can write to any more.
 */
export class LfsS3Store implements LfsStore {
  readonly #deps: LfsS3StoreDeps;

  constructor(deps: LfsS3StoreDeps) {
    this.#deps = deps;
  }

  async sizeOf(oid: LfsOid): Promise<number | undefined> {
    const { bucket, keys, upkeep } = this.#deps;
    return await refusing(async () => {
      const object = await bucket.head(keys.object(oid));
      if (object !== undefined) return object.size;
      // A quarantined object that somebody asks for is in use.
      if ((await upkeep.restore(oid)) === "absent") return undefined;
      return (await bucket.head(keys.object(oid)))?.size;
    });
  }

  async open(oid: LfsOid): Promise<StoredObject | undefined> {
    const size = await this.sizeOf(oid);
    if (size === undefined) return undefined;
    return {
      size,
      stream: (start, end) => Readable.from(this.#bytes(oid, start, end), { objectMode: false }),
      close: async () => {},
    };
  }

  async receive(oid: LfsOid, size: number, source: AsyncIterable<Uint8Array>): Promise<void> {
    const { bucket, keys } = this.#deps;
    await refusing(() => receiveToBucket(bucket, keys.object(oid), { size, oid }, source));
  }

  async receivePart(upload: MultipartUpload, partNumber: number, source: AsyncIterable<Uint8Array>): Promise<string> {
    const { bucket, keys, newTag } = this.#deps;
    const { token } = uploadOf(upload);
    const tag = newTag();
    const size = partSizeOf(upload, partNumber);
    await refusing(() => receiveToBucket(bucket, keys.part(token, partNumber, tag), { size }, source));
    return tag;
  }

  async assemble(upload: MultipartUpload, parts: readonly ReceivedPart[]): Promise<void> {
    const { token, storeId } = uploadOf(upload);
    checkList(upload, parts);
    await refusing(() =>
      storeId === undefined
        ? this.#joinOwnParts(upload, token, parts)
        : this.#joinDirect(upload, token, storeId, parts),
    );
  }

  /** Parts that came through us lie one by one; they are read in turn like one body. */
  async #joinOwnParts(upload: MultipartUpload, token: string, parts: readonly ReceivedPart[]): Promise<void> {
    const { bucket, keys } = this.#deps;
    const sources: string[] = [];
    for (const { partNumber, tag } of parts) {
      const key = keys.part(token, partNumber, tag);
      const found = /^[0-9a-f]{32}$/.test(tag) ? await bucket.head(key) : undefined;
      if (found?.size !== partSizeOf(upload, partNumber)) {
        throw badParts(`part ${partNumber} was not received with this ETag`);
      }
      sources.push(key);
    }
    await receiveToBucket(bucket, keys.object(upload.oid), upload, inTurn(bucket, sources));
    // The object stands; parts that cannot be removed now expire.
    await Promise.allSettled(sources.map((key) => bucket.delete(key)));
  }

  /**
   * Parts that the client sent to the store: joined first, for only then nobody else can change them; then read back and hashed; then
   * copied to their name.
   */
  async #joinDirect(
    upload: MultipartUpload,
    token: string,
    storeId: string,
    parts: readonly ReceivedPart[],
  ): Promise<void> {
    const { bucket, keys } = this.#deps;
    const key = keys.joined(token);
    if (upload.size === 0) return receiveToBucket(bucket, keys.object(upload.oid), upload, Readable.from([]));
    // A completion that was cut off in the middle is asked for again; its parts are joined already.
    if ((await bucket.head(key)) === undefined) {
      const list = parts.map(({ partNumber, tag }) => ({ partNumber, etag: tag }));
      await bucket.completeUpload(key, storeId, list).catch((cause: unknown) => {
        throw isClientsFault(cause) ? badParts("the store has other parts than these", cause) : cause;
      });
    }
    try {
      await this.#verify(key, upload);
      await bucket.copy(key, keys.object(upload.oid), upload.size);
    } catch (error) {
      if (error instanceof HubError) await bucket.delete(key).catch(() => {});
      throw error;
    }
    await bucket.delete(key).catch(() => {});
  }

  async #verify(key: string, { oid, size }: { readonly oid: LfsOid; readonly size: number }): Promise<void> {
    const body = await this.#deps.bucket.get(key);
    if (body === undefined) throw wrongBytes("nothing");
    const hash = createHash("sha256");
    let received = 0;
    for await (const chunk of body) {
      received += chunk.length;
      if (received > size) throw wrongBytes(`more than the ${size} bytes that were announced`);
      hash.update(chunk);
    }
    if (received !== size) throw wrongBytes(`${received} bytes where ${size} were announced`);
    if (hash.digest("hex") !== oid) throw wrongBytes("bytes with another SHA-256");
  }

  async *#bytes(oid: LfsOid, start: number, end: number): AsyncGenerator<Uint8Array> {
    const { bucket, keys } = this.#deps;
    const body = await bucket.get(keys.object(oid), { start, end });
    if (body === undefined) throw new Error("a stored object went away before its transfer began");
    let left = end - start + 1;
    for await (const chunk of body) {
      left -= chunk.length;
      yield chunk;
    }
    if (left !== 0) throw new Error("a stored object is shorter than it was when its transfer began");
  }
}

/** `{token}` for parts that come through us, `{token}.{the store's own id}` for those that do not. */
function uploadOf({ uploadId }: MultipartUpload): { readonly token: string; readonly storeId: string | undefined } {
  const [, token, storeId] = /^([0-9a-f]{32})(?:\.([\x21-\x7e]{1,1024}))?$/.exec(uploadId) ?? [];
  // It comes from a signed ticket; this keeps a mistake there from becoming a key.
  if (token === undefined) throw new TypeError("not an upload id");
  return { token, storeId };
}

function checkList(upload: MultipartUpload, parts: readonly ReceivedPart[]): void {
  const count = partCountOf(upload);
  if (parts.length !== count) throw badParts(`it has ${count} parts, not ${parts.length}`);
  for (const [index, { partNumber, tag }] of parts.entries()) {
    if (partNumber !== index + 1) throw badParts(`part ${index + 1} is not at its place in the list`);
    if (!/^[\x21-\x7e]{1,256}$/.test(tag)) throw badParts(`part ${partNumber} was not received with this ETag`);
  }
}

function badParts(what: string, cause?: unknown): HubError {
  return new HubError(400, "BadRequest", `This upload cannot be completed: ${what}. Start the upload again.`, {
    cause,
  });
}

function isClientsFault(cause: unknown): boolean {
  return cause instanceof Error && "status" in cause && (cause.status === 400 || cause.status === 404);
}

async function* inTurn(bucket: S3Bucket, keys: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const key of keys) {
    const body = await bucket.get(key);
    if (body === undefined) throw badParts("a part went away");
    yield* body;
  }
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeRefusal(error);
  }
}
