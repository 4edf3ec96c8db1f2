import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { describeLfsStore, type StoreUnderTest } from "../lfs/lfs-store.contract.ts";
import { LfsFileStore } from "./lfs-file-store.ts";

describe("a store on disk", () => {
  let directory: string;
  let opened: StoreUnderTest | undefined;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "postern-lfs-"));
    const store = await LfsFileStore.open(directory);
    opened = { store, upkeep: store.upkeep };
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  describeLfsStore(() => {
    if (opened === undefined) throw new Error("not opened");
    return opened;
  });
});
