import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { HubHarness, repoRef } from "../http/hub-harness.contract.ts";

const ROUNDS = 10;

/** Park and Miller's generator: a printed seed repeats a run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

it("keeps every acknowledged commit and shows no half-made one when the process is killed in the middle", async () => {
  const seed = Number(process.env.POSTERN_TEST_SEED ?? (Date.now() % 1_000_000) + 1);
  console.info(`POSTERN_TEST_SEED=${seed}`);
  const random = seeded(seed);
  const directory = await mkdtemp(join(tmpdir(), "postern-crash-"));
  try {
    const acknowledged = new Map<string, string>();
    for (let round = 0; round < ROUNDS; round++) {
      await commitUntilKilled(directory, round, 1 + Math.floor(random() * 12), acknowledged);
      await checkEverything(directory, acknowledged);
    }
    expect(acknowledged.size).toBeGreaterThan(ROUNDS);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 120_000);

async function commitUntilKilled(
  directory: string,
  round: number,
  afterCommits: number,
  acknowledged: Map<string, string>,
): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "crash-child.contract.ts"), directory, `${round}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [commit = "", path = ""] = line.split(" ");
    acknowledged.set(commit, path);
    seen += 1;
    if (seen === afterCommits) child.kill("SIGKILL");
  }
  await closed;
  expect(seen, "commits before the kill").toBeGreaterThanOrEqual(afterCommits);
}

async function checkEverything(directory: string, acknowledged: ReadonlyMap<string, string>): Promise<void> {
  await using hub = await HubHarness.start(() => {}, directory);
  expect(await readdir(join(directory, "repos/tmp"))).toEqual([]);
  const repos = await hub.catalogue.list({
    kind: "model",
    visible: { kind: "all" },
    author: undefined,
    search: [],
    tags: [],
    pipelineTag: undefined,
    order: "created",
    ascending: false,
    after: undefined,
    limit: 1000,
  });
  const onDisk: string[] = [];
  for (const folder of await readdir(join(directory, "repos"))) {
    if (folder !== "tmp") onDisk.push(...(await readdir(join(directory, "repos", folder))));
  }
  expect(onDisk.sort()).toEqual(repos.map(({ repoId }) => `${repoId}.git`).sort());
  for (const { repoId } of repos.slice(0, 3))
    expect(await hub.git.open({ repoId }).resolveRevision("HEAD")).toBeDefined();

  const repo = await hub.catalogue.find(repoRef("ada/train"));
  if (repo === undefined) throw new Error("the repo is gone");
  const git = (...args: string[]): string =>
    execFileSync("git", ["--git-dir", hub.git.directoryOf(repo.repoId), ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 64 * 1024 * 1024,
    });
  // Objects of commits that were cut off may lie about unreferenced; broken or missing ones may not.
  git("fsck", "--strict", "--full", "--no-dangling");
  const visible = git("rev-list", "--reverse", "main").trim().split("\n");
  expect([...acknowledged.keys()].filter((commit) => !visible.includes(commit))).toEqual([]);
  const listed = new Set(git("ls-tree", "-r", "--name-only", "main").trim().split("\n"));
  expect([...acknowledged.values()].filter((path) => !listed.has(path))).toEqual([]);
  const audited = await readFile(join(directory, "audit.log"), "utf8");
  expect(visible.slice(1).filter((commit) => !audited.includes(commit))).toEqual([]);
}
