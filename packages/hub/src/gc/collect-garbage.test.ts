import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LfsOid } from "../lfs/lfs-oid.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import type { GarbageOutcome } from "./collect-garbage.ts";
import { GarbageHub } from "./garbage-hub.contract.ts";

const DAY = 86_400;

let hub: GarbageHub;
let repo: StoredRepo;
let kept: { readonly oid: LfsOid; readonly size: number };

beforeEach(async () => {
  hub = await GarbageHub.start();
  repo = await hub.repo("train");
  kept = { oid: await hub.upload(repo, randomBytes(3000)), size: 3000 };
  await hub.commit(repo, "main", "kept.bin", kept);
});
afterEach(() => hub[Symbol.asyncDispose]());

function done(outcome: GarbageOutcome): Extract<GarbageOutcome, { kind: "done" }> {
  if (outcome.kind === "refused") throw new Error(JSON.stringify(outcome.findings));
  return outcome;
}
const oidsOf = (objects: readonly { readonly oid: LfsOid }[]): readonly LfsOid[] => objects.map(({ oid }) => oid);

/** An object that nothing needs, old enough to be taken. */
async function orphan(): Promise<LfsOid> {
  const oid = await hub.upload(repo, randomBytes(500));
  hub.pass(2 * DAY);
  return oid;
}

describe("a run", () => {
  it("puts aside what no ref needs, brings nothing else into motion, and removes it a week later", async () => {
    const oid = await orphan();
    const first = done(await hub.collect());
    expect([oidsOf(first.quarantined), first.removed, first.objects, first.reachable]).toEqual([[oid], [], 2, 1]);
    expect(await hub.store.upkeep.stands(oid)).toBe(false);
    hub.pass(6.9 * DAY);
    expect(done(await hub.collect()).removed).toEqual([]);
    hub.pass(1.2 * DAY);
    expect(oidsOf(done(await hub.collect()).removed)).toEqual([oid]);
    expect(await hub.store.sizeOf(oid)).toBeUndefined();
    expect(await hub.links.claim(repo.repoId, oid)).toBeUndefined();
    expect(await hub.store.sizeOf(kept.oid)).toBe(3000);
    expect(
      hub.recorded.filter(({ event }) => event.startsWith("gc.")).map(({ event, detail }) => [event, detail]),
    ).toEqual([
      ["gc.quarantine", { objects: 1, bytes: 500, oids: [oid] }],
      ["gc.remove", { objects: 1, bytes: 500, oids: [oid] }],
    ]);
  });

  it.each(["refs/tags/v1", "refs/pr/7", "refs/heads/old"])(
    "keeps what only %s reaches, also in its history",
    async (ref) => {
      const object = { oid: await hub.upload(repo, randomBytes(700)), size: 700 };
      const before = await hub.commit(repo, "main", "gone.bin", object);
      const after = await hub.commit(repo, "main", "gone.bin", null);
      const git = hub.git.open(repo);
      await git.updateRef(ref, before, undefined);
      await git.updateRef("refs/heads/main", await hub.commit(repo, "main", "x", "x"), after).catch(() => {});
      hub.pass(30 * DAY);
      expect(done(await hub.collect()).quarantined).toEqual([]);
      await git.updateRef(ref, undefined, before);
      // Still in the history of main.
      expect(done(await hub.collect()).quarantined).toEqual([]);
    },
  );

  it("leaves alone what was uploaded lately and is not committed yet, and what the policy has no room for", async () => {
    await using small = await GarbageHub.start({ maxObjects: 2 });
    const other = await small.repo("train");
    const oids = [
      await small.upload(other, randomBytes(10)),
      await small.upload(other, randomBytes(11)),
      await small.upload(other, randomBytes(12)),
    ];
    expect(done(await small.collect()).quarantined).toEqual([]);
    small.pass(2 * DAY);
    const first = done(await small.collect());
    expect([first.quarantined.length, first.more]).toEqual([2, true]);
    const second = done(await small.collect());
    expect([second.quarantined.length, second.more]).toEqual([1, false]);
    expect(new Set([...oidsOf(first.quarantined), ...oidsOf(second.quarantined)])).toEqual(new Set(oids));
  });

  it("keeps an object of a deleted repo that another repo needs", async () => {
    const other = await hub.repo("other");
    const bytes = randomBytes(900);
    const object = { oid: await hub.upload(other, bytes), size: 900 };
    await hub.commit(other, "main", "a.bin", object);
    await hub.upload(repo, bytes);
    await hub.commit(repo, "main", "b.bin", object);
    await hub.git.beginRemoval(other.repoId);
    await hub.catalogue.delete(other.repoId);
    await hub.git.remove(other.repoId);
    await hub.git.finish(other.repoId);
    hub.pass(30 * DAY);
    expect(done(await hub.collect()).quarantined).toEqual([]);
  });

  it("says in a dry run what it would do, and does nothing", async () => {
    const oid = await orphan();
    const dry = done(await hub.collect({ dryRun: true }));
    expect(oidsOf(dry.quarantined)).toEqual([oid]);
    expect(await hub.store.upkeep.stands(oid)).toBe(true);
    expect(hub.recorded.some(({ event }) => event.startsWith("gc."))).toBe(false);
  });

  it("moves nothing that cannot be recorded", async () => {
    const oid = await orphan();
    hub.logFailure = new Error("the log is full");
    await expect(hub.collect()).rejects.toThrow("the log is full");
    expect(await hub.store.upkeep.stands(oid)).toBe(true);
    hub.logFailure = undefined;
    await hub.collect();
    hub.pass(9 * DAY);
    hub.logFailure = new Error("the log is full");
    await expect(hub.collect()).rejects.toThrow("the log is full");
    hub.logFailure = undefined;
    expect(await hub.store.sizeOf(oid)).toBe(500);
  });

  it("is the only one at a time", async () => {
    const [first, second] = await Promise.allSettled([hub.collect(), hub.collect()]);
    expect([first.status, second.status]).toEqual(["fulfilled", "rejected"]);
    expect(second).toMatchObject({ reason: { status: 409 } });
  });
});

describe("an object in quarantine", () => {
  it("comes back when a commit needs it, and stays", async () => {
    const oid = await orphan();
    await hub.collect();
    await hub.commit(repo, "main", "again.bin", { oid, size: 500 });
    expect(await hub.store.sizeOf(oid)).toBe(500);
    hub.pass(30 * DAY);
    expect(done(await hub.collect()).quarantined).toEqual([]);
    expect(await hub.store.upkeep.stands(oid)).toBe(true);
  });

  it("is brought back by the next run when a ref needs it that nobody read yet", async () => {
    const oid = await orphan();
    await hub.collect();
    await hub.commit(repo, "main", "again.bin", { oid, size: 500 });
    const outcome = done(await hub.collect());
    expect(outcome.restored).toEqual([oid]);
    expect(await hub.store.upkeep.stands(oid)).toBe(true);
  });

  it("comes back when it is sent again", async () => {
    const bytes = randomBytes(800);
    const oid = await hub.upload(repo, bytes);
    hub.pass(2 * DAY);
    await hub.collect();
    await hub.upload(repo, bytes);
    hub.pass(8.5 * DAY);
    await hub.commit(repo, "main", "again.bin", { oid, size: 800 });
    expect(oidsOf(done(await hub.collect()).removed)).toEqual([]);
    expect(await hub.store.sizeOf(oid)).toBe(800);
  });

  it("comes back by name, or all of them", async () => {
    const [first, second] = [await orphan(), await orphan()];
    await hub.collect();
    const by = {
      actor: { kind: "user", name: "ada", tokenId: "t" },
      requestId: "r",
      sourceAddress: undefined,
    } as const;
    expect(await hub.collector.restore([first], by)).toEqual([first]);
    expect(await hub.collector.restore(undefined, by)).toEqual([second]);
    expect([await hub.store.upkeep.stands(first), await hub.store.upkeep.stands(second)]).toEqual([true, true]);
    expect(hub.recorded.filter(({ event }) => event === "gc.restore")).toHaveLength(2);
  });

  it("is not removed when a branch was made that needs it while the run was under way", async () => {
    const object = { oid: await hub.upload(repo, randomBytes(600)), size: 600 };
    const git = hub.git.open(repo);
    const main = await git.readRef("refs/heads/main");
    const lost = await hub.commit(repo, "main", "lost.bin", object);
    await git.updateRef("refs/heads/main", main, lost);
    hub.pass(2 * DAY);
    expect(oidsOf(done(await hub.collect()).quarantined)).toEqual([object.oid]);
    hub.pass(9 * DAY);
    // After the survey and before the removal: the run's own question for what is expired is the moment in between.
    const { listQuarantined } = hub.store.upkeep;
    hub.store.upkeep.listQuarantined = async function* () {
      yield* listQuarantined.call(hub.store.upkeep);
      await git.updateRef("refs/heads/back", lost, undefined);
    };
    expect(done(await hub.collect()).removed).toEqual([]);
    hub.store.upkeep.listQuarantined = listQuarantined;
    expect(await hub.store.sizeOf(object.oid)).toBe(600);
  });

  it("is not removed when a commit claimed it while the run was under way", async () => {
    const oid = await orphan();
    await hub.collect();
    hub.pass(9 * DAY);
    const { stands } = hub.store.upkeep;
    hub.store.upkeep.stands = async (asked) => {
      await hub.links.claim(repo.repoId, oid);
      return stands.call(hub.store.upkeep, asked);
    };
    expect(done(await hub.collect()).removed).toEqual([]);
    hub.store.upkeep.stands = stands;
    await hub.commit(repo, "main", "again.bin", { oid, size: 500 });
    expect(await hub.store.sizeOf(oid)).toBe(500);
  });
});

describe("moves nothing when", () => {
  const codesOf = (outcome: GarbageOutcome): readonly string[] =>
    outcome.kind === "refused" ? outcome.findings.map(({ code }) => code) : ["done"];
  const directory = (): string => hub.git.directoryOf(repo.repoId);
  const editDatabase = (sql: string): void => {
    const database = new Database(join(hub.directory, "postern.db"));
    database.pragma("foreign_keys = off");
    database.exec(sql);
    database.close();
  };

  it.each<[string, () => void, string]>([
    ["a repo's directory is gone", () => renameSync(directory(), join(hub.directory, "elsewhere")), "repo-missing"],
    ["a repo's objects are gone", () => rmSync(join(directory(), "objects"), { recursive: true }), "repo-damaged"],
    ["a ref cannot be read", () => writeFileSync(join(directory(), "refs/heads/broken"), "not an id\n"), "ref-broken"],
    [
      "a ref names a commit that is not there",
      () => writeFileSync(join(directory(), "refs/heads/broken"), `${"0".repeat(39)}1\n`),
      "repo-damaged",
    ],
    ["all refs of a repo are gone", () => rmSync(join(directory(), "refs/heads/main")), "refs-missing"],
    ["HEAD of a repo is gone", () => rmSync(join(directory(), "HEAD")), "head-broken"],
    [
      "the table of repos is empty (gitea#36227)",
      () => editDatabase("delete from repos; delete from lfs_links"),
      "table-empty",
    ],
    ["the table of links is empty", () => editDatabase("delete from lfs_links"), "table-empty"],
    ["the table of links is gone (gitea#36227)", () => editDatabase("drop table lfs_links"), "table-missing"],
    ["a link is missing", () => editDatabase(`delete from lfs_links where oid = '${kept.oid}'`), "link-missing"],
    [
      "the catalogue is older than the files",
      () => editDatabase(`delete from repos where repo_id = '${repo.repoId}'`),
      "repo-unlisted",
    ],
    ["the store is not mounted", () => emptyStore(), "object-missing"],
  ])("%s", async (_, breakIt, code) => {
    const oid = await orphan();
    const aside = await orphan();
    await hub.store.upkeep.quarantine(aside, hub.now);
    hub.pass(9 * DAY);
    breakIt();
    const before = readdirSync(join(hub.directory, "lfs"), { recursive: true }).toSorted();
    expect(codesOf(await hub.collect())).toContain(code);
    expect(codesOf(await hub.collect({ dryRun: true }))).toContain(code);
    expect(readdirSync(join(hub.directory, "lfs"), { recursive: true }).toSorted()).toEqual(before);
    if (code !== "object-missing") expect(await hub.store.upkeep.stands(oid)).toBe(true);
    expect(hub.recorded.some(({ event }) => event.startsWith("gc."))).toBe(false);
  });

  function emptyStore(): void {
    for (const name of readdirSync(join(hub.directory, "lfs"))) {
      if (name.length === 2) rmSync(join(hub.directory, "lfs", name), { recursive: true });
    }
    mkdirSync(join(hub.directory, "lfs"), { recursive: true });
  }

  it("all repos were deleted, unless an administrator says that this is so", async () => {
    const oid = await orphan();
    await hub.git.beginRemoval(repo.repoId);
    await hub.catalogue.delete(repo.repoId);
    await hub.git.remove(repo.repoId);
    await hub.git.finish(repo.repoId);
    expect(codesOf(await hub.collect())).toEqual(["table-empty"]);
    expect(oidsOf(done(await hub.collect({ allowEmptyTables: true })).quarantined).toSorted()).toEqual(
      [oid, kept.oid].toSorted(),
    );
  });
});
