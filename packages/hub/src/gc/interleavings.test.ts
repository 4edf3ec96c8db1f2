import { randomBytes } from "node:crypto";
import { HubError } from "@postern/core/error/hub-error";
import { describe, expect, it } from "vitest";
import { seededRandom, testSeed } from "../../../../test/harness/seeded-random.ts";
import { RepoInspectorOnDisk } from "../adapters/git/repo-inspector-on-disk.ts";
import { type LfsOid, parseLfsOid } from "../lfs/lfs-oid.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { GarbageHub } from "./garbage-hub.contract.ts";

const HOUR = 3600;
/** Of simultaneous steps; more with `POSTERN_GC_ROUNDS`. */
const ROUNDS = Number(process.env.POSTERN_GC_ROUNDS ?? 12);
const WIDTH = 5;
const BRANCHES = ["main", "dev", "next"] as const;

interface Uploaded {
  readonly oid: LfsOid;
  readonly bytes: Buffer;
}

/** Random uploads, commits, deletions, branches, tags, pull request refs, reads and runs of the collector, several at a time. */
async function play(
  hub: GarbageHub,
  random: () => number,
): Promise<{ readonly removed: number; readonly refused: number }> {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const repos: readonly StoredRepo[] = [await hub.repo("one"), await hub.repo("two")];
  const uploaded: Uploaded[] = [];
  let removed = 0;
  let refused = 0;
  for (const repo of repos) {
    // Without any link at all the collector takes the table for lost.
    const bytes = randomBytes(100);
    const oid = await hub.upload(repo, bytes);
    await hub.commit(repo, "main", "kept.bin", { oid, size: bytes.length });
  }

  const upload = async (repo: StoredRepo): Promise<void> => {
    // Often bytes that were sent before, also by the other repo.
    const bytes =
      (random() < 0.5 ? pick(uploaded)?.bytes : undefined) ?? randomBytes(200 + Math.floor(random() * 2000));
    uploaded.push({ oid: await hub.upload(repo, bytes), bytes });
  };
  const commit = async (repo: StoredRepo): Promise<void> => {
    const object = pick(uploaded);
    if (object === undefined) return;
    const branch = pick(BRANCHES) ?? "main";
    const path = `f${Math.floor(random() * 4)}.bin`;
    await hub.commit(repo, branch, path, { oid: object.oid, size: object.bytes.length });
  };
  const remove = async (repo: StoredRepo): Promise<void> => {
    await hub.commit(repo, pick(BRANCHES) ?? "main", `f${Math.floor(random() * 4)}.bin`, null);
  };
  const setRef = async (repo: StoredRepo): Promise<void> => {
    const git = hub.git.open(repo);
    const ref =
      pick(["refs/heads/dev", "refs/heads/next", "refs/tags/v1", "refs/pr/1", "refs/heads/main"]) ?? "refs/heads/dev";
    // `main` is only ever moved: a repo whose refs are all gone stops the collector, as it should.
    const here = await git.readRefTarget(ref);
    // What some ref reaches now; a commit that none has reached for weeks may have lost its objects, and that is no fault.
    const tip = await git.readRef(pick(["refs/heads/main", "refs/heads/dev", "refs/tags/v1", "refs/pr/1"]) ?? "");
    const from = tip === undefined ? undefined : pick(await git.log(tip, { skip: 0, limit: 5 }))?.id;
    const to = ref !== "refs/heads/main" && random() < 0.5 ? undefined : from;
    if (to !== undefined || ref !== "refs/heads/main") await git.updateRef(ref, to, here);
  };
  const read = async (): Promise<void> => {
    const object = pick(uploaded);
    if (object !== undefined) await hub.store.sizeOf(object.oid);
  };
  const collect = async (): Promise<void> => {
    const outcome = await hub.collect({ dryRun: random() < 0.1 });
    if (outcome.kind === "refused") throw new Error(JSON.stringify(outcome.findings));
    if (!outcome.dryRun) removed += outcome.removed.length;
  };
  const steps = [upload, upload, commit, commit, commit, remove, setRef, setRef, read, collect, collect];

  for (let round = 0; round < ROUNDS; round++) {
    const together = Array.from({ length: WIDTH }, () => [pick(steps) ?? read, pick(repos)] as const);
    const outcomes = await Promise.allSettled(
      together.map(([step, repo]) => (repo === undefined ? read() : step(repo))),
    );
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") continue;
      // A branch that is not there, a file to delete that is not there, an object that was collected: clear refusals.
      if (!(outcome.reason instanceof HubError) || outcome.reason.status >= 500) throw outcome.reason;
      if (outcome.reason.code === "ObjectMissing") refused += 1;
    }
    await requireAllReachable(hub, repos);
    hub.pass(Math.floor(random() * 96) * HOUR);
  }
  return { removed, refused };
}

/** Every object that any ref of any repo reaches is there, with its bytes, and readable through its repo. */
async function requireAllReachable(hub: GarbageHub, repos: readonly StoredRepo[]): Promise<void> {
  const inspector = new RepoInspectorOnDisk(hub.directory);
  for (const { repoId } of repos) {
    const { faults, pointers } = await inspector.inspect(repoId, false);
    expect(faults).toEqual([]);
    for (const { oid: text, size } of pointers) {
      const oid = parseLfsOid(text);
      if (oid === undefined) throw new Error("no oid");
      expect(await hub.store.sizeOf(oid), `object ${oid} is reachable and gone`).toBe(size);
      expect(await hub.links.isLinked(repoId, oid), `object ${oid} is reachable and not readable`).toBe(size);
    }
  }
}

describe("the garbage collector among everything else that happens", () => {
  it("never removes an object that a ref reaches", async () => {
    const seed = testSeed("garbage collection");
    await using hub = await GarbageHub.start({ graceSeconds: 6 * HOUR });
    const { removed, refused } = await play(hub, seededRandom(seed));
    console.info(
      `${ROUNDS} rounds of ${WIDTH}: ${removed} objects removed, ${refused} commits of collected objects refused`,
    );
    // Otherwise nothing was tried.
    if (ROUNDS >= 200) expect(removed).toBeGreaterThan(0);
  });
});
