import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseRepoRef } from "@postern/core/resource/repo-ref";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parseLfsOid } from "../../lfs/lfs-oid.ts";
import { HubDatabase } from "./hub-database.ts";
import { SqliteLfsLinks } from "./sqlite-lfs-links.ts";
import { SqliteRepoCatalogue } from "./sqlite-repo-catalogue.ts";

const REPO = "aa".repeat(12);
const OTHER = "bb".repeat(12);

let directory: string;
let database: HubDatabase;
let links: SqliteLfsLinks;

const oid = parseLfsOid("ab".repeat(32)) ?? fail();
function fail(): never {
  throw new Error("missing");
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-links-"));
  database = await HubDatabase.open(join(directory, "postern.db"));
  links = new SqliteLfsLinks(database);
  const catalogue = new SqliteRepoCatalogue(database);
  const at = epochSeconds(1_800_000_000);
  for (const [repoId, name] of [
    [REPO, "train"],
    [OTHER, "other"],
  ] as const) {
    const repo = parseRepoRef("model", "ada", name) ?? fail();
    await catalogue.create({ repo, repoId, visibility: "public", createdAt: at, updatedAt: at, createdBy: "ada" });
  }
});

afterEach(async () => {
  database.close();
  await rm(directory, { recursive: true, force: true });
});

it("links an object to one repo and to no other", async () => {
  expect(await links.isLinked(REPO, oid)).toBeUndefined();
  expect(await links.add({ repoId: REPO, oid, size: 5_000_000_000 })).toBe("linked");
  expect(await links.isLinked(REPO, oid)).toBe(5_000_000_000);
  expect(await links.isLinked(OTHER, oid)).toBeUndefined();
});

it("takes the same link twice", async () => {
  await links.add({ repoId: REPO, oid, size: 7 });
  expect(await links.add({ repoId: REPO, oid, size: 7 })).toBe("linked");
  expect(await links.isLinked(REPO, oid)).toBe(7);
});

it("links nothing to a repo that is gone, and forgets what a deleted repo held", async () => {
  await links.add({ repoId: REPO, oid, size: 7 });
  await new SqliteRepoCatalogue(database).delete(REPO);
  expect(await links.isLinked(REPO, oid)).toBeUndefined();
  expect(await links.add({ repoId: REPO, oid, size: 7 })).toBe("repo-missing");
});

it("keeps links over a restart", async () => {
  await links.add({ repoId: REPO, oid, size: 7 });
  database.close();
  database = await HubDatabase.open(join(directory, "postern.db"));
  expect(await new SqliteLfsLinks(database).isLinked(REPO, oid)).toBe(7);
});
