import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ObjectId } from "../../git/object-id.ts";
import { StagedLooseObjects } from "./staged-loose-objects.ts";
import { syncDirectory } from "./sync-path.ts";

// Watched, not replaced: whether a disk was asked to keep something cannot be seen from outside.
vi.mock("./sync-path.ts", { spy: true });

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-staged-"));
  await mkdir(join(directory, "objects"));
});
afterEach(() => rm(directory, { recursive: true }));

it("syncs the folder of an object that another commit moved there and may not have synced yet", async () => {
  const present = new Set<ObjectId>();
  const exists = async (oid: ObjectId): Promise<boolean> => present.has(oid);
  await using other = await StagedLooseObjects.begin(directory, "other", exists);
  const oid = await other.writeBlob(Buffer.from("shared\n"));
  await other.publish();
  present.add(oid);

  vi.mocked(syncDirectory).mockClear();
  await using mine = await StagedLooseObjects.begin(directory, "mine", exists);
  expect(await mine.writeBlob(Buffer.from("shared\n"))).toBe(oid);
  await mine.publish();
  const synced = vi.mocked(syncDirectory).mock.calls.map(([folder]) => folder);
  expect(synced).toContain(join(directory, "objects", oid.slice(0, 2)));
});

it("asks for no folder of an object that is in a pack", async () => {
  await using mine = await StagedLooseObjects.begin(directory, "mine", async () => true);
  await mine.writeBlob(Buffer.from("packed\n"));
  await mine.publish();
});
