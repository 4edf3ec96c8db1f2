import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { HubError } from "@postern/core/error/hub-error";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { describe, expect, it } from "vitest";
import { type LfsOid, parseLfsOid } from "./lfs-oid.ts";
import type { LfsStore, MultipartUpload } from "./lfs-store.ts";
import type { ObjectUpkeep, QuarantinedObject } from "./object-upkeep.ts";

/** A store under test; every case uses objects of its own. */
export interface StoreUnderTest {
  readonly store: LfsStore;
  readonly upkeep: ObjectUpkeep;
}

const MIB = 1024 * 1024;

export function oidOf(bytes: Uint8Array): LfsOid {
  const oid = parseLfsOid(createHash("sha256").update(bytes).digest("hex"));
  if (oid === undefined) throw new Error("not an oid");
  return oid;
}

export async function* piecesOf(bytes: Uint8Array, pieceSize = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
}

/** What every store of large files does, whatever it keeps them in. */
export function describeLfsStore(current: () => StoreUnderTest): void {
  const stored = async (size: number): Promise<{ readonly bytes: Buffer; readonly oid: LfsOid }> => {
    const bytes = randomBytes(size);
    const oid = oidOf(bytes);
    await current().store.receive(oid, size, piecesOf(bytes));
    return { bytes, oid };
  };
  const read = async (oid: LfsOid, start = 0, end?: number): Promise<Buffer> => {
    const object = await current().store.open(oid);
    if (object === undefined) throw new Error("not stored");
    if (object.size === 0) {
      await object.close();
      return Buffer.alloc(0);
    }
    return Buffer.concat(await object.stream(start, end ?? object.size - 1).toArray());
  };
  const statusOf = (work: Promise<unknown>): Promise<number> =>
    work.then(
      () => 200,
      (error) => (error instanceof HubError ? error.status : Promise.reject(error)),
    );
  const listed = async (): Promise<Map<string, number>> => {
    const found = new Map<string, number>();
    for await (const { oid, size } of current().upkeep.list()) found.set(oid, size);
    return found;
  };

  const quarantined = async (): Promise<Map<string, QuarantinedObject>> => {
    const found = new Map<string, QuarantinedObject>();
    for await (const object of current().upkeep.listQuarantined()) found.set(object.oid, object);
    return found;
  };

  describe("objects", () => {
    it.each([0, 1, 65_536, 8 * MIB, 8 * MIB + 1, 17 * MIB + 5])("stores %i bytes and gives them back", async (size) => {
      const { bytes, oid } = await stored(size);
      expect(await current().store.sizeOf(oid)).toBe(size);
      expect((await read(oid)).equals(bytes)).toBe(true);
      expect((await listed()).get(oid)).toBe(size);
    });

    it("gives ranges of an object", async () => {
      const { bytes, oid } = await stored(9 * MIB);
      for (const [start, end] of [
        [0, 0],
        [1, 5],
        [8 * MIB - 1, 8 * MIB],
        [9 * MIB - 1, 9 * MIB - 1],
      ] as const) {
        expect((await read(oid, start, end)).equals(bytes.subarray(start, end + 1))).toBe(true);
      }
    });

    it("knows nothing of an object that was never stored", async () => {
      const oid = oidOf(randomBytes(8));
      expect(await current().store.sizeOf(oid)).toBeUndefined();
      expect(await current().store.open(oid)).toBeUndefined();
    });

    const small = randomBytes(100_000);
    const large = randomBytes(9 * MIB);
    it.each([
      ["another digest", small, oidOf(randomBytes(8)), small.length],
      ["fewer bytes than announced", small, oidOf(small), small.length + 1],
      ["more bytes than announced", small, oidOf(small), small.length - 1],
      ["another digest of a large object", large, oidOf(randomBytes(8)), large.length],
      ["fewer bytes of a large object", large, oidOf(large), large.length + 1],
      ["more bytes of a large object", large, oidOf(large), large.length - 1],
    ])("refuses %s and leaves nothing under the name", async (_, bytes, oid, size) => {
      expect(await statusOf(current().store.receive(oid, size, piecesOf(bytes)))).toBe(400);
      expect(await current().store.sizeOf(oid)).toBeUndefined();
      expect((await listed()).has(oid)).toBe(false);
    });

    it("leaves nothing under the name when the sender breaks off", async () => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield large.subarray(0, 8 * MIB + 7);
        throw new Error("aborted");
      }
      await expect(current().store.receive(oidOf(large), large.length, broken())).rejects.toThrow("aborted");
      expect(await current().store.sizeOf(oidOf(large))).toBeUndefined();
    });

    it("takes one object from several senders at once", async () => {
      const bytes = randomBytes(2 * MIB + 3);
      const oid = oidOf(bytes);
      await Promise.all([1, 2, 3].map((n) => current().store.receive(oid, bytes.length, piecesOf(bytes, n * 50_000))));
      expect((await read(oid)).equals(bytes)).toBe(true);
    });
  });

  describe("uploads in parts", () => {
    const begin = (bytes: Uint8Array, chunkSize: number): MultipartUpload => ({
      uploadId: randomBytes(16).toString("hex"),
      oid: oidOf(bytes),
      size: bytes.length,
      chunkSize,
    });
    const send = (upload: MultipartUpload, number: number, part: Uint8Array): Promise<string> =>
      current().store.receivePart(upload, number, piecesOf(part));

    it("joins parts, and only the ones that are named", async () => {
      const bytes = randomBytes(250_000);
      const upload = begin(bytes, 100_000);
      const first = await send(upload, 1, bytes.subarray(0, 100_000));
      const wrong = await send(upload, 2, randomBytes(100_000));
      const second = await send(upload, 2, bytes.subarray(100_000, 200_000));
      const third = await send(upload, 3, bytes.subarray(200_000));
      const list = (tag: string) => [
        { partNumber: 1, tag: first },
        { partNumber: 2, tag },
        { partNumber: 3, tag: third },
      ];
      expect(await statusOf(current().store.assemble(upload, list(wrong)))).toBe(400);
      expect(await current().store.sizeOf(upload.oid)).toBeUndefined();
      await current().store.assemble(upload, list(second));
      expect((await read(upload.oid)).equals(bytes)).toBe(true);
    });

    it.each([
      ["a part too few", (tags: readonly string[]) => [{ partNumber: 1, tag: tags[0] ?? "" }]],
      [
        "a part out of its place",
        (tags: readonly string[]) => [
          { partNumber: 2, tag: tags[1] ?? "" },
          { partNumber: 1, tag: tags[0] ?? "" },
        ],
      ],
      [
        "a tag that no part has",
        (tags: readonly string[]) => [
          { partNumber: 1, tag: tags[0] ?? "" },
          { partNumber: 2, tag: "../../../etc/passwd" },
        ],
      ],
    ])("refuses %s", async (_, partsOf) => {
      const bytes = randomBytes(150_000);
      const upload = begin(bytes, 100_000);
      const tags = [
        await send(upload, 1, bytes.subarray(0, 100_000)),
        await send(upload, 2, bytes.subarray(100_000)),
      ] as const;
      expect(await statusOf(current().store.assemble(upload, partsOf(tags)))).toBe(400);
    });

    it("refuses a part of another length", async () => {
      const upload = begin(randomBytes(150_000), 100_000);
      expect(await statusOf(send(upload, 1, randomBytes(99_999)))).toBe(400);
    });
  });

  describe("the quarantine", () => {
    const now = (): ReturnType<typeof epochSeconds> => epochSeconds(Date.now() / 1000);

    it("takes an object out of the list and gives it back to whoever asks for it", async () => {
      const { bytes, oid } = await stored(6 * MIB);
      expect(await current().upkeep.quarantine(oid, now())).toBe("quarantined");
      expect((await listed()).has(oid)).toBe(false);
      expect(await current().upkeep.stands(oid)).toBe(false);
      expect((await read(oid)).equals(bytes)).toBe(true);
      expect(await current().upkeep.stands(oid)).toBe(true);
      expect((await quarantined()).has(oid)).toBe(false);
    });

    it("lists what it holds, with a time that is not in the past of the move", async () => {
      const { oid } = await stored(10);
      const before = now();
      await current().upkeep.quarantine(oid, before);
      const found = (await quarantined()).get(oid);
      expect(found).toMatchObject({ oid, size: 10 });
      expect(found?.until).toBeGreaterThanOrEqual(before);
    });

    it("gives nothing back that is withheld, and does again afterwards", async () => {
      const { bytes, oid } = await stored(1000);
      await current().upkeep.quarantine(oid, now());
      {
        using _ = current().upkeep.withhold([oid]);
        expect(await current().store.sizeOf(oid)).toBeUndefined();
        expect(await current().upkeep.restore(oid)).toBe("absent");
      }
      expect((await read(oid)).equals(bytes)).toBe(true);
    });

    it("ends a quarantined object for good, and leaves one that was sent again alone", async () => {
      const { bytes, oid } = await stored(1000);
      await current().upkeep.quarantine(oid, now());
      await current().store.receive(oid, bytes.length, piecesOf(bytes));
      await current().upkeep.removeQuarantined(oid);
      expect((await read(oid)).equals(bytes)).toBe(true);
      await current().upkeep.quarantine(oid, now());
      await current().upkeep.removeQuarantined(oid);
      expect(await current().store.sizeOf(oid)).toBeUndefined();
      expect(await current().upkeep.restore(oid)).toBe("absent");
    });

    it("says that an object is absent that is not there", async () => {
      expect(await current().upkeep.quarantine(oidOf(randomBytes(8)), now())).toBe("absent");
      expect(await current().upkeep.restore(oidOf(randomBytes(8)))).toBe("absent");
    });

    it("loses nothing when moves in both directions, uploads and reads meet", async () => {
      const { bytes, oid } = await stored(6 * MIB);
      const { store, upkeep } = current();
      await Promise.all([
        upkeep.quarantine(oid, now()),
        upkeep.restore(oid),
        upkeep.quarantine(oid, now()),
        store.sizeOf(oid),
        sleep(5).then(() => store.receive(oid, bytes.length, piecesOf(bytes))),
        sleep(10).then(() => upkeep.quarantine(oid, now())),
        sleep(10).then(() => store.sizeOf(oid)),
      ]);
      expect((await read(oid)).equals(bytes)).toBe(true);
    });

    it("leaves young uploads alone when it sweeps", async () => {
      const bytes = randomBytes(1000);
      const upload = { uploadId: randomBytes(16).toString("hex"), oid: oidOf(bytes), size: 1000, chunkSize: 1000 };
      const tag = await current().store.receivePart(upload, 1, piecesOf(bytes));
      await current().upkeep.sweepUploads(now());
      await current().store.assemble(upload, [{ partNumber: 1, tag }]);
      expect((await read(upload.oid)).equals(bytes)).toBe(true);
      const late = await current().store.receivePart(upload, 1, piecesOf(bytes));
      expect(await current().upkeep.sweepUploads(epochSeconds(now() + 25 * 3600))).toBeGreaterThan(0);
      expect(await statusOf(current().store.assemble(upload, [{ partNumber: 1, tag: late }]))).toBe(400);
    });
  });
}
