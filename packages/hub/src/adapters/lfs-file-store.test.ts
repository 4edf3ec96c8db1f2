import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, open, readdir, readFile, readlink, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HubError } from "@postern/core/error/hub-error";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LfsOid, parseLfsOid } from "../lfs/lfs-oid.ts";
import type { MultipartUpload } from "../lfs/lfs-store.ts";
import { PARTS_LIFETIME_SECONDS } from "./file-upkeep.ts";
import { LfsFileStore } from "./lfs-file-store.ts";
import type { WritableFile } from "./write-verified.ts";

let directory: string;
let store: LfsFileStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-lfs-"));
  store = await LfsFileStore.open(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const oidOf = (bytes: Uint8Array): LfsOid => {
  const oid = parseLfsOid(createHash("sha256").update(bytes).digest("hex"));
  if (oid === undefined) throw new Error("not an oid");
  return oid;
};

async function* piecesOf(bytes: Uint8Array, pieceSize = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
}

const pathOf = (oid: LfsOid): string => join(directory, oid.slice(0, 2), oid.slice(2, 4), oid);

const filesBelow = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => e.name);

const openFilesBelow = async (folder: string): Promise<number> => {
  const targets = (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ""));
  return (await Promise.all(targets)).filter((target) => target.startsWith(folder)).length;
};

const refusalOf = (work: Promise<unknown>): Promise<HubError> =>
  work.then(
    () => Promise.reject(new Error("was not refused")),
    (error) => (error instanceof HubError ? error : Promise.reject(error)),
  );

async function readStored(oid: LfsOid, start = 0, end?: number): Promise<Buffer> {
  const object = await store.open(oid);
  if (object === undefined) throw new Error("not stored");
  return Buffer.concat(await object.stream(start, end ?? object.size - 1).toArray());
}

describe("receiving an object", () => {
  it.each([0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 3 * 1024 * 1024 + 17])(
    "stores %i bytes under their SHA-256 and gives them back",
    async (size) => {
      const bytes = randomBytes(size);
      const oid = oidOf(bytes);
      await store.receive(oid, size, piecesOf(bytes, 70_001));
      expect((await readFile(pathOf(oid))).equals(bytes)).toBe(true);
      expect((await readStored(oid)).equals(bytes)).toBe(true);
      expect(await readdir(join(directory, "incoming"))).toEqual([]);
    },
  );

  it("takes a piece larger than its buffers", async () => {
    const bytes = randomBytes(5 * 1024 * 1024 + 3);
    await store.receive(oidOf(bytes), bytes.length, piecesOf(bytes, bytes.length));
    expect((await readStored(oidOf(bytes))).equals(bytes)).toBe(true);
  });

  const bytes = randomBytes(200_000);
  it.each([
    ["another digest", oidOf(randomBytes(8)), bytes.length],
    ["fewer bytes than announced", oidOf(bytes), bytes.length + 1],
    ["more bytes than announced", oidOf(bytes), bytes.length - 1],
  ])("refuses %s and leaves nothing", async (_, oid, size) => {
    const refusal = await refusalOf(store.receive(oid, size, piecesOf(bytes)));
    expect([refusal.status, refusal.code]).toEqual([400, "BadRequest"]);
    expect(await filesBelow(directory)).toEqual([]);
    expect(await store.open(oid)).toBeUndefined();
  });

  it("stops reading at the first byte too many", async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += 1000;
        yield Buffer.alloc(1000);
      }
    }
    await refusalOf(store.receive(oidOf(bytes), 5000, endless()));
    expect(given).toBe(6000);
  });

  it("leaves nothing when the sender breaks off", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 100_000);
      throw new Error("aborted");
    }
    await expect(store.receive(oidOf(bytes), bytes.length, broken())).rejects.toThrow("aborted");
    expect(await filesBelow(directory)).toEqual([]);
  });

  it("takes one object from several senders at once", async () => {
    const big = randomBytes(2_500_000);
    await Promise.all([1, 2, 3, 4, 5].map((n) => store.receive(oidOf(big), big.length, piecesOf(big, n * 10_000))));
    expect(await filesBelow(directory)).toEqual([oidOf(big)]);
    expect((await readStored(oidOf(big))).equals(big)).toBe(true);
  });

  it("heals a stored copy that went bad", async () => {
    await store.receive(oidOf(bytes), bytes.length, piecesOf(bytes));
    await writeFile(pathOf(oidOf(bytes)), "short");
    await store.receive(oidOf(bytes), bytes.length, piecesOf(bytes));
    expect((await readStored(oidOf(bytes))).equals(bytes)).toBe(true);
  });
});

describe("a full disk", () => {
  const bytes = randomBytes(3_000_000);
  const noSpace = (): Error => Object.assign(new Error("no space left on device"), { code: "ENOSPC" });

  /** Real files on a disk that has room for `room` bytes, and writes short before it fails, as Linux does. */
  const storeWithRoom = (room: number, failingSync = false): Promise<LfsFileStore> =>
    LfsFileStore.open(directory, {
      createFile: async (path): Promise<WritableFile> => {
        const file = await open(path, "wx");
        let left = room;
        return {
          write: async (buffer, offset, length) => {
            if (left === 0) throw noSpace();
            const { bytesWritten } = await file.write(buffer, offset, Math.min(length, left));
            left -= bytesWritten;
            return { bytesWritten };
          },
          datasync: () => file.datasync(),
          sync: async () => {
            if (failingSync) throw noSpace();
            await file.sync();
          },
          close: () => file.close(),
        };
      },
    });

  it.each([0, 1, 1_048_576, 1_500_000, 2_999_999])(
    "answers 507 with room for %i bytes, and leaves nothing",
    async (room) => {
      const full = await storeWithRoom(room);
      const refusal = await refusalOf(full.receive(oidOf(bytes), bytes.length, piecesOf(bytes)));
      expect([refusal.status, refusal.code]).toEqual([507, "StorageFull"]);
      expect(await filesBelow(directory)).toEqual([]);
    },
  );

  it("answers 507 when only the last fsync finds out", async () => {
    const full = await storeWithRoom(bytes.length, true);
    const refusal = await refusalOf(full.receive(oidOf(bytes), bytes.length, piecesOf(bytes)));
    expect(refusal.status).toBe(507);
    expect(await filesBelow(directory)).toEqual([]);
  });

  it("stores everything where writes are merely short", async () => {
    const short = await LfsFileStore.open(directory, {
      createFile: async (path): Promise<WritableFile> => {
        const file = await open(path, "wx");
        return {
          write: (buffer, offset, length) => file.write(buffer, offset, Math.min(length, 99_991)),
          datasync: () => file.datasync(),
          sync: () => file.sync(),
          close: () => file.close(),
        };
      },
    });
    await short.receive(oidOf(bytes), bytes.length, piecesOf(bytes));
    expect((await readFile(pathOf(oidOf(bytes)))).equals(bytes)).toBe(true);
  });
});

describe("reading an object", () => {
  const bytes = randomBytes(700_000);

  it.each([
    [0, 0],
    [0, 699_999],
    [262_143, 262_145],
    [699_999, 699_999],
  ])("gives exactly bytes %i to %i", async (start, end) => {
    await store.receive(oidOf(bytes), bytes.length, piecesOf(bytes));
    expect((await readStored(oidOf(bytes), start, end)).equals(bytes.subarray(start, end + 1))).toBe(true);
  });

  it("fails instead of ending early when the file shrinks", async () => {
    await store.receive(oidOf(bytes), bytes.length, piecesOf(bytes));
    const object = await store.open(oidOf(bytes));
    await writeFile(pathOf(oidOf(bytes)), bytes.subarray(0, 300_000));
    await expect(object?.stream(0, 699_999).toArray()).rejects.toThrow("shorter");
  });

  it.runIf(process.platform === "linux").each([0, 1])(
    "closes the file when the reader goes away after %i reads",
    async (reads) => {
      await store.receive(oidOf(bytes), bytes.length, piecesOf(bytes));
      const stream = (await store.open(oidOf(bytes)))?.stream(0, 699_999);
      expect(await openFilesBelow(directory)).toBe(1);
      if (reads > 0) await new Promise((resolve) => stream?.once("data", resolve));
      await new Promise((resolve) => stream?.once("close", resolve).destroy());
      expect(await openFilesBelow(directory)).toBe(0);
    },
  );
});

describe("parts", () => {
  const bytes = randomBytes(2_500_000);
  const upload: MultipartUpload = {
    uploadId: "ab".repeat(16),
    oid: oidOf(bytes),
    size: bytes.length,
    chunkSize: 1_000_000,
  };
  const partOf = (n: number): Uint8Array => bytes.subarray((n - 1) * 1_000_000, n * 1_000_000);
  const sendAll = async (): Promise<{ partNumber: number; tag: string }[]> =>
    Promise.all(
      [1, 2, 3].map(async (n) => ({ partNumber: n, tag: await store.receivePart(upload, n, piecesOf(partOf(n))) })),
    );

  it("become the object, and are gone then", async () => {
    await store.assemble(upload, await sendAll());
    expect((await readStored(upload.oid)).equals(bytes)).toBe(true);
    expect(await filesBelow(directory)).toEqual([upload.oid]);
  });

  it("may be sent twice; the one named at completion counts", async () => {
    const [first, , third] = await sendAll();
    const second = { partNumber: 2, tag: await store.receivePart(upload, 2, piecesOf(partOf(2))) };
    await store.receivePart(upload, 2, piecesOf(randomBytes(1_000_000)));
    if (first === undefined || third === undefined) throw new Error("parts missing");
    await store.assemble(upload, [first, second, third]);
    expect((await readStored(upload.oid)).equals(bytes)).toBe(true);
  });

  it("of an empty object are none", async () => {
    const empty: MultipartUpload = { ...upload, oid: oidOf(Buffer.alloc(0)), size: 0 };
    await store.assemble(empty, []);
    expect((await readStored(empty.oid)).length).toBe(0);
  });

  it.each<[string, (parts: { partNumber: number; tag: string }[]) => { partNumber: number; tag: string }[]]>([
    ["one part too few", (parts) => parts.slice(0, 2)],
    ["one part too many", (parts) => [...parts, { partNumber: 4, tag: "0".repeat(32) }]],
    ["parts out of order", (parts) => parts.toReversed()],
    ["an ETag of another part", (parts) => parts.map((p) => ({ ...p, tag: parts[0]?.tag ?? "" }))],
    ["an ETag that is a path", (parts) => parts.map((p) => ({ ...p, tag: "../../../../etc/passwd" }))],
  ])("are refused with %s, and nothing is stored", async (_, change) => {
    const refusal = await refusalOf(store.assemble(upload, change(await sendAll())));
    expect([refusal.status, refusal.code]).toEqual([400, "BadRequest"]);
    expect(await store.open(upload.oid)).toBeUndefined();
  });

  it("are refused when the whole is not the object", async () => {
    const parts = await sendAll();
    const wrong = { partNumber: 3, tag: await store.receivePart(upload, 3, piecesOf(randomBytes(500_000))) };
    const refusal = await refusalOf(store.assemble(upload, [...parts.slice(0, 2), wrong]));
    expect(refusal.status).toBe(400);
    expect(await store.open(upload.oid)).toBeUndefined();
    expect(await readdir(join(directory, "incoming"))).toEqual([]);
  });

  it("are refused with another length than theirs", async () => {
    const refusal = await refusalOf(store.receivePart(upload, 3, piecesOf(partOf(1))));
    expect(refusal.status).toBe(400);
  });

  it("expire a day after the last one came in", async () => {
    const now = epochSeconds(1_800_000_000);
    await sendAll();
    const folder = join(directory, "parts", upload.uploadId);
    await utimes(folder, now - PARTS_LIFETIME_SECONDS + 1, now - PARTS_LIFETIME_SECONDS + 1);
    await store.upkeep.sweepUploads(now);
    expect(await readdir(join(directory, "parts"))).toEqual([upload.uploadId]);
    await utimes(folder, now - PARTS_LIFETIME_SECONDS, now - PARTS_LIFETIME_SECONDS);
    await store.upkeep.sweepUploads(now);
    expect(await readdir(join(directory, "parts"))).toEqual([]);
  });
});

it("removes what a crash left on its way, and nothing else", async () => {
  const bytes = randomBytes(100);
  await store.receive(oidOf(bytes), bytes.length, piecesOf(bytes));
  await mkdir(join(directory, "parts", "cd".repeat(16)));
  await writeFile(join(directory, "incoming", "left"), "half an upload");
  store = await LfsFileStore.open(directory);
  expect(await readdir(join(directory, "incoming"))).toEqual([]);
  expect(await readdir(join(directory, "parts"))).toEqual(["cd".repeat(16)]);
  expect((await readStored(oidOf(bytes))).equals(bytes)).toBe(true);
});
