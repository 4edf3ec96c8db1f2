import { mkdir, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ObjectId } from "../../git/object-id.ts";
import { clearStagingLeftovers, STAGING_PREFIX, StagedLooseObjects } from "./staged-loose-objects.ts";
import { syncDirectory, syncFile } from "./sync-path.ts";

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

it("does not bring a repo's folder back that is deleted at that moment", async () => {
  const repo = join(directory, "repo.git");
  await mkdir(join(repo, "objects"), { recursive: true });
  await using mine = await StagedLooseObjects.begin(repo, "mine", async () => false);
  await mine.writeBlob(Buffer.from("late\n"));
  // The last step before the objects are moved: here the repo goes.
  vi.mocked(syncFile).mockImplementationOnce(() => rename(repo, join(directory, "removed")));
  await expect(mine.publish()).rejects.toMatchObject({ code: "ENOENT" });
  expect(await readdir(directory)).not.toContain("repo.git");
});

it("clears away what crashes left, also while a commit beside it ends and takes its folder with it", async () => {
  const objects = join(directory, "objects");
  await mkdir(join(objects, `${STAGING_PREFIX}crashed`));
  // Listed, and not there any more when it is looked at.
  await symlink("nowhere", join(objects, `${STAGING_PREFIX}ended`));
  await clearStagingLeftovers(directory, Date.now() + 60_000);
  expect(await readdir(objects)).not.toContain(`${STAGING_PREFIX}crashed`);
});
