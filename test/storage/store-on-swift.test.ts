import { randomBytes } from "node:crypto";
import { HubError } from "@postern/core/error/hub-error";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openS3Storage, type S3Settings, type S3Storage } from "../../packages/hub/src/index.ts";
import { describeLfsStore, oidOf, piecesOf } from "../../packages/hub/src/lfs/lfs-store.contract.ts";
import { makeBucket } from "../harness/s3-bucket.ts";
import { type SwiftServer, startSwift, swiftMissing } from "../harness/swift-server.ts";

const missing = swiftMissing();
const MIB = 1024 * 1024;

describe.skipIf(missing !== undefined)(
  `a store in Swift, by its S3 API${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    let swift: SwiftServer | undefined;
    let storage: S3Storage | undefined;
    const opened = (): S3Storage => {
      if (storage === undefined) throw new Error("not opened");
      return storage;
    };
    const settings = (): S3Settings => {
      if (swift === undefined) throw new Error("not started");
      const { endpoint, region, accessKeyId, secretAccessKey } = swift;
      return { endpoint, region, accessKeyId, secretAccessKey, bucket: "models", pathStyle: true };
    };
    const open = (changed: Partial<S3Settings> = {}): S3Storage =>
      openS3Storage({ ...settings(), ...changed }, "lfs/", { fetch, nowMs: Date.now });

    beforeAll(async () => {
      swift = await startSwift();
      await makeBucket(swift, "models");
      storage = open();
    });
    afterAll(() => swift?.[Symbol.asyncDispose]());

    describeLfsStore(opened);

    describe("bytes that go past us", () => {
      const put = async (url: string, bytes: Uint8Array<ArrayBuffer>): Promise<Response> =>
        fetch(url, { method: "PUT", body: bytes });
      const REPO = "0123456789abcdef01234567";
      const statusOf = (work: Promise<unknown>): Promise<number> =>
        work.then(
          () => 200,
          (error) => (error instanceof HubError ? error.status : Promise.reject(error)),
        );

      it("become an object only when they were settled", async () => {
        const bytes = randomBytes(300_000);
        const upload = { repoId: REPO, oid: oidOf(bytes), size: bytes.length };
        expect(await opened().direct.settle(upload)).toBeUndefined();
        const url = await opened().direct.uploadUrl(upload, 600);
        expect((await put(url ?? "", bytes)).status).toBe(200);
        expect(await opened().store.sizeOf(upload.oid)).toBeUndefined();
        expect(await opened().direct.settle(upload)).toBe(bytes.length);
        expect(await opened().store.sizeOf(upload.oid)).toBe(bytes.length);
        const answer = {
          contentType: "application/octet-stream",
          contentDisposition: 'attachment; filename="a b.bin"',
        };
        const link = await opened().direct.downloadUrl(upload.oid, answer, 600);
        const whole = await fetch(link);
        expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
        expect(whole.headers.get("content-disposition")).toBe(answer.contentDisposition);
        const part = await fetch(link, { headers: { range: "bytes=100-199" } });
        expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 100-199/300000"]);
        expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true);
      });

      it("are refused and removed when they are other bytes", async () => {
        const upload = { repoId: REPO, oid: oidOf(randomBytes(8)), size: 1000 };
        await put((await opened().direct.uploadUrl(upload, 600)) ?? "", randomBytes(1000));
        expect(await statusOf(opened().direct.settle(upload))).toBe(400);
        expect(await opened().store.sizeOf(upload.oid)).toBeUndefined();
        expect(await opened().direct.settle(upload)).toBeUndefined();
      });

      it("cannot be changed after they were settled", async () => {
        const bytes = randomBytes(2000);
        const upload = { repoId: REPO, oid: oidOf(bytes), size: bytes.length };
        const url = (await opened().direct.uploadUrl(upload, 600)) ?? "";
        await put(url, bytes);
        await opened().direct.settle(upload);
        // The URL still lives, and what it takes is nobody's object.
        expect((await put(url, randomBytes(2000))).status).toBe(200);
        const object = await opened().store.open(upload.oid);
        expect(Buffer.concat((await object?.stream(0, 1999).toArray()) ?? []).equals(bytes)).toBe(true);
        expect(await statusOf(opened().direct.settle(upload))).toBe(400);
        expect(await opened().store.sizeOf(upload.oid)).toBe(2000);
      });

      it("are taken at the announced length only", async () => {
        const upload = { repoId: REPO, oid: oidOf(randomBytes(8)), size: 1000 };
        const response = await put((await opened().direct.uploadUrl(upload, 600)) ?? "", randomBytes(1001));
        expect(response.status).toBe(403);
      });

      it("are not taken by an URL that was made for another object, method or time", async () => {
        const bytes = randomBytes(500);
        const upload = { repoId: REPO, oid: oidOf(bytes), size: bytes.length };
        const url = (await opened().direct.uploadUrl(upload, 600)) ?? "";
        expect((await put(url.replace(upload.oid, oidOf(randomBytes(8))), bytes)).status).toBe(403);
        expect((await fetch(url)).status).toBe(403);
        const old = openS3Storage(settings(), "lfs/", { fetch, nowMs: () => Date.now() - 3_600_000 });
        expect((await put((await old.direct.uploadUrl(upload, 600)) ?? "", bytes)).status).toBe(403);
      });

      it("arrive in parts, and the completion can be asked for again", async () => {
        const bytes = randomBytes(11 * MIB);
        const upload = { repoId: REPO, oid: oidOf(bytes), size: bytes.length };
        const chunkSize = 5 * MIB;
        const { uploadId, urls } = await opened().direct.beginParts(upload, chunkSize, 600);
        expect(urls).toHaveLength(3);
        const parts = await Promise.all(
          urls.map(async (url, index) => {
            const response = await put(url, bytes.subarray(index * chunkSize, (index + 1) * chunkSize));
            return { partNumber: index + 1, tag: (response.headers.get("etag") ?? "").replaceAll('"', "") };
          }),
        );
        expect(await statusOf(opened().store.assemble({ ...upload, uploadId, chunkSize }, parts.slice(0, 2)))).toBe(
          400,
        );
        await opened().store.assemble({ ...upload, uploadId, chunkSize }, parts);
        const object = await opened().store.open(upload.oid);
        expect(Buffer.concat((await object?.stream(0, bytes.length - 1).toArray()) ?? []).equals(bytes)).toBe(true);
      });

      it("are refused in parts when the whole is another object, and nothing can be added afterwards", async () => {
        const upload = { repoId: REPO, oid: oidOf(randomBytes(8)), size: 6 * MIB };
        const chunkSize = 5 * MIB;
        const { uploadId, urls } = await opened().direct.beginParts(upload, chunkSize, 600);
        const sizes = [5 * MIB, MIB];
        const parts = await Promise.all(
          urls.map(async (url, index) => {
            const response = await put(url, randomBytes(sizes[index] ?? 0));
            return { partNumber: index + 1, tag: (response.headers.get("etag") ?? "").replaceAll('"', "") };
          }),
        );
        expect(await statusOf(opened().store.assemble({ ...upload, uploadId, chunkSize }, parts))).toBe(400);
        expect(await opened().store.sizeOf(upload.oid)).toBeUndefined();
        expect((await put(urls[0] ?? "", randomBytes(5 * MIB))).status).toBe(404);
      });

      it("and are never settled expire", async () => {
        const bytes = randomBytes(700);
        const upload = { repoId: REPO, oid: oidOf(bytes), size: bytes.length };
        await put((await opened().direct.uploadUrl(upload, 600)) ?? "", bytes);
        await opened().direct.beginParts({ ...upload, size: 6 * MIB }, 5 * MIB, 600);
        const now = Date.now() / 1000;
        await opened().upkeep.sweepUploads(epochSeconds(now));
        expect(await opened().direct.settle(upload)).toBe(700);
        await put((await opened().direct.uploadUrl(upload, 600)) ?? "", bytes);
        expect(await opened().upkeep.sweepUploads(epochSeconds(now + 25 * 3600))).toBeGreaterThanOrEqual(2);
        expect(await opened().direct.settle(upload)).toBeUndefined();
      });
    });

    describe("a store that fails", () => {
      const oid = oidOf(randomBytes(8));
      const refusal = async (storage: S3Storage): Promise<HubError> => {
        const error = await storage.store.receive(oid, 3, piecesOf(randomBytes(3))).catch((cause: unknown) => cause);
        const looked = await storage.store.sizeOf(oid).catch((cause: unknown) => cause);
        if (!(looked instanceof HubError)) throw new Error("an object of a store that fails was called absent");
        if (!(error instanceof HubError)) throw new Error("was not refused");
        return looked;
      };

      it.each([
        ["a wrong secret", { secretAccessKey: "no-such-secret-b1946ac9" }],
        ["a bucket that is not there", { bucket: "no-such-bucket" }],
        ["an address where nobody answers", { endpoint: "http://127.0.0.1:9" }],
      ])("is no empty store: %s is 503, and no secret is in what is said", async (_, changed) => {
        const error = await refusal(open(changed));
        expect([error.status, error.code]).toEqual([503, "Unavailable"]);
        const told = JSON.stringify([error.message, String(error.cause), error.stack]);
        expect(told).not.toMatch(/no-such-secret|Signature=|testing/);
      });
    });
  },
);
