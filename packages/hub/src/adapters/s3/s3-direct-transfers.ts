import { HubError } from "@postern/core/error/hub-error";
import type {
  Arrival,
  DirectParts,
  DirectTransfers,
  DirectUpload,
  DownloadAnswer,
} from "../../lfs/direct-transfers.ts";
import type { LfsOid } from "../../lfs/lfs-oid.ts";
import { type LfsStore, partCountOf } from "../../lfs/lfs-store.ts";
import type { BucketKeys } from "./bucket-keys.ts";
import { wrongBytes } from "./receive-to-bucket.ts";
import { MIN_PART_SIZE, type S3Bucket } from "./s3-bucket.ts";
import type { S3Client } from "./s3-client.ts";
import { storeRefusal } from "./store-refusal.ts";

/** The largest single PUT of S3. */
const MAX_PUT_SIZE = 5 * 1024 * 1024 * 1024;

export interface S3DirectTransfersDeps {
  readonly client: S3Client;
  readonly bucket: S3Bucket;
  readonly keys: BucketKeys;
  readonly store: Pick<LfsStore, "receive">;
  /** 32 random hex digits. */
  readonly newToken: () => string;
}

/** Signed URLs of an S3-compatible store. */
export class S3DirectTransfers implements DirectTransfers {
  readonly #deps: S3DirectTransfersDeps;

  constructor(deps: S3DirectTransfersDeps) {
    this.#deps = deps;
  }

  async downloadUrl(oid: LfsOid, answer: DownloadAnswer, seconds: number): Promise<string> {
    const { client, keys } = this.#deps;
    const query = {
      "response-content-type": answer.contentType,
      "response-content-disposition": answer.contentDisposition,
      "response-cache-control": "private, no-transform",
    };
    return await client.presign({ method: "GET", key: keys.object(oid), query }, seconds);
  }

  async uploadUrl(upload: DirectUpload, seconds: number): Promise<string | undefined> {
    if (upload.size > MAX_PUT_SIZE) return undefined;
    const { client, keys } = this.#deps;
    // The length is signed: the URL must not be worth more room than was announced.
    const headers = { "content-length": String(upload.size) };
    return await client.presign({ method: "PUT", key: keys.arrival(upload), headers }, seconds);
  }

  takesPartsOf(chunkSize: number): boolean {
    return chunkSize >= MIN_PART_SIZE;
  }

  async beginParts(upload: DirectUpload, chunkSize: number, seconds: number): Promise<DirectParts> {
    const { client, bucket, keys, newToken } = this.#deps;
    const token = newToken();
    const key = keys.joined(token);
    const uploadId = await bucket.beginUpload(key).catch((cause: unknown) => {
      throw storeRefusal(cause);
    });
    const count = partCountOf({ size: upload.size, chunkSize });
    const urls = Array.from({ length: count }, (_, index) =>
      client.presign({ method: "PUT", key, query: { partNumber: String(index + 1), uploadId } }, seconds),
    );
    return { uploadId: `${token}.${uploadId}`, urls: await Promise.all(urls) };
  }

  /**
   * What arrived is read once and written again under its name, by `receive`: a client may replace what lies at its URL for as long as that
   * lives, so only bytes that went through the hash may become the object. A copy inside the store could take others.
   */
  async settle(upload: Arrival): Promise<number | undefined> {
    const { bucket, keys, store } = this.#deps;
    const key = keys.arrival(upload);
    try {
      const found = await bucket.head(key);
      if (found === undefined) return undefined;
      if (upload.size !== undefined && found.size !== upload.size) {
        throw wrongBytes(`${found.size} bytes where ${upload.size} were announced`);
      }
      const body = await bucket.get(key);
      if (body === undefined) return undefined;
      await store.receive(upload.oid, found.size, body);
      // What is left behind is read again by nobody who needs it, and expires.
      await bucket.delete(key).catch(() => {});
      return found.size;
    } catch (error) {
      if (error instanceof HubError && error.status === 400) await bucket.delete(key).catch(() => {});
      throw storeRefusal(error);
    }
  }
}
