import { Readable } from "node:stream";
import type { S3Client } from "./s3-client.ts";
import { isMissing, S3Error } from "./s3-error.ts";
import { elements, elementText } from "./s3-xml.ts";

/** One object as a listing or a HEAD shows it. */
export interface BucketObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
}

/** A multipart upload that was begun and neither completed nor given up. */
export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  /** Seconds since 1970. */
  readonly begunAt: number;
}

export interface CompletedPart {
  /** From 1. */
  readonly partNumber: number;
  /** As the store answered it, without quotes. */
  readonly etag: string;
}

/** The smallest part but the last that S3 takes; nothing smaller is ever cut. */
export const MIN_PART_SIZE: number = 5 * 1024 * 1024;
/** One range of a copy inside the store. S3 allows 5 GiB; smaller ones run side by side and are repeated cheaply. */
const COPY_PART_SIZE = 512 * 1024 * 1024;
const COPY_WIDTH = 4;
/** The store works on these by itself, for a long time when they are large. */
const LONG_MS = 15 * 60_000;

/** The calls of S3's API that an object store for large files needs, on one bucket. */
export class S3Bucket {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  async head(key: string): Promise<BucketObject | undefined> {
    try {
      const { headers } = await this.#client.send({ method: "HEAD", key });
      const size = Number(headers.get("content-length") ?? Number.NaN);
      // A HEAD without a length tells nothing; it is not the same as an absent object.
      if (!Number.isSafeInteger(size)) throw new S3Error("HEAD", 200, "NoContentLength");
      return { key, size, modifiedAt: seconds(headers.get("last-modified")) };
    } catch (error) {
      if (!isMissing(error)) throw error;
      // A HEAD has no body to tell the two apart, and an object is not absent because its whole bucket is.
      await drained(await this.#client.send({ method: "HEAD" }));
      return undefined;
    }
  }

  /** Bytes `start` to `end` inclusive as they come; `undefined` when there is no such object. */
  async get(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable | undefined> {
    try {
      const headers = range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` };
      const response = await this.#client.send({ method: "GET", key, headers });
      if (range !== undefined && response.status !== 206) {
        await response.body?.cancel();
        throw new S3Error("GET", response.status, "RangeIgnored");
      }
      return Readable.from(response.body ?? [], { objectMode: false });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async put(key: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    await drained(await this.#client.send({ method: "PUT", key, body, timeoutMs: LONG_MS }));
  }

  /** Does nothing when there is no such object. */
  async delete(key: string): Promise<void> {
    try {
      await drained(await this.#client.send({ method: "DELETE", key }));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async *list(prefix: string): AsyncGenerator<BucketObject> {
    let token: string | undefined;
    do {
      const query = { "list-type": "2", prefix, ...(token === undefined ? {} : { "continuation-token": token }) };
      const text = await (await this.#client.send({ method: "GET", query })).text();
      if (!text.includes("<ListBucketResult")) throw new S3Error("GET list-type", 200, "NoListing");
      for (const item of elements(text, "Contents")) {
        const key = elementText(item, "Key");
        const size = Number(elementText(item, "Size"));
        // Half-read listings make garbage collectors remove what they should keep.
        if (key === undefined || !Number.isSafeInteger(size))
          throw new S3Error("GET list-type", 200, "UnreadableListing");
        yield { key, size, modifiedAt: seconds(elementText(item, "LastModified")) };
      }
      token = elementText(text, "IsTruncated") === "true" ? elementText(text, "NextContinuationToken") : undefined;
    } while (token !== undefined);
  }

  async beginUpload(key: string): Promise<string> {
    const text = await (await this.#client.send({ method: "POST", key, query: { uploads: "" } })).text();
    const uploadId = elementText(text, "UploadId");
    if (uploadId === undefined) throw new S3Error("POST uploads", 200, "NoUploadId");
    return uploadId;
  }

  async putPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<CompletedPart> {
    const query = { partNumber: String(partNumber), uploadId };
    const response = await drained(await this.#client.send({ method: "PUT", key, query, body, timeoutMs: LONG_MS }));
    return { partNumber, etag: unquoted(response.headers.get("etag") ?? "") };
  }

  /** @throws {S3Error} also for an error that comes in a 200 answer, as S3 does here. */
  async completeUpload(key: string, uploadId: string, parts: readonly CompletedPart[]): Promise<void> {
    const list = parts.map(
      ({ partNumber, etag }) =>
        `<Part><PartNumber>${partNumber}</PartNumber><ETag>&quot;${escapeXml(etag)}&quot;</ETag></Part>`,
    );
    const text = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join("")}</CompleteMultipartUpload>`;
    const response = await this.#client.send({
      method: "POST",
      key,
      query: { uploadId },
      headers: { "content-type": "application/xml" },
      body: new TextEncoder().encode(text),
      timeoutMs: LONG_MS,
    });
    requireSuccess("POST uploadId", await response.text(), "CompleteMultipartUploadResult");
  }

  async abortUpload(key: string, uploadId: string): Promise<void> {
    try {
      await drained(await this.#client.send({ method: "DELETE", key, query: { uploadId } }));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** The first 1,000 of them; the rest shows up once these are gone. */
  async openUploads(prefix: string): Promise<readonly OpenUpload[]> {
    const text = await (await this.#client.send({ method: "GET", query: { uploads: "", prefix } })).text();
    return elements(text, "Upload").flatMap((item) => {
      const key = elementText(item, "Key");
      const uploadId = elementText(item, "UploadId");
      if (key === undefined || uploadId === undefined) return [];
      return [{ key, uploadId, begunAt: seconds(elementText(item, "Initiated")) }];
    });
  }

  /**
   * Copies inside the store, always part by part: one plain copy ends at 5 GiB, and Swift copies only the list of an object's parts, which
   * go when the source goes.
   */
  async copy(from: string, to: string, size: number): Promise<void> {
    if (size === 0) return this.put(to, new Uint8Array(0));
    const uploadId = await this.beginUpload(to);
    try {
      const count = Math.ceil(size / COPY_PART_SIZE);
      const parts: CompletedPart[] = [];
      for (let first = 1; first <= count; first += COPY_WIDTH) {
        const width = Math.min(COPY_WIDTH, count - first + 1);
        const numbers = Array.from({ length: width }, (_, index) => first + index);
        parts.push(...(await Promise.all(numbers.map((number) => this.#copyPart(from, to, uploadId, number, size)))));
      }
      await this.completeUpload(to, uploadId, parts);
    } catch (error) {
      await this.abortUpload(to, uploadId).catch(() => {});
      throw error;
    }
  }

  async #copyPart(
    from: string,
    to: string,
    uploadId: string,
    partNumber: number,
    size: number,
  ): Promise<CompletedPart> {
    const start = (partNumber - 1) * COPY_PART_SIZE;
    const end = Math.min(start + COPY_PART_SIZE, size) - 1;
    const response = await this.#client.send({
      method: "PUT",
      key: to,
      query: { partNumber: String(partNumber), uploadId },
      headers: {
        "x-amz-copy-source": `/${this.#client.bucket}/${from}`,
        "x-amz-copy-source-range": `bytes=${start}-${end}`,
      },
      timeoutMs: LONG_MS,
    });
    const text = await response.text();
    requireSuccess("PUT partNumber", text, "CopyPartResult");
    const etag = elementText(text, "ETag");
    if (etag === undefined) throw new S3Error("PUT partNumber", 200, "NoETag");
    return { partNumber, etag: unquoted(etag) };
  }
}

async function drained(response: Response): Promise<Response> {
  await response.arrayBuffer();
  return response;
}

/** S3 sends 200 first and finds out later; the body tells. */
function requireSuccess(operation: string, text: string, root: string): void {
  if (!text.includes(`<${root}`)) throw new S3Error(operation, 200, elementText(text, "Code") ?? "UnreadableAnswer");
}

function seconds(time: string | undefined | null): number {
  const ms = Date.parse(time ?? "");
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', "");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
