import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GitRepositories, GitRepository, StagedObjects } from "../git/git-repository.ts";
import { HubHarness, person } from "../http/hub-harness.contract.ts";
import { deleteRepo } from "../repos/change-repo.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { commitToBranch } from "./commit-to-branch.ts";

let hub: HubHarness;
let repo: StoredRepo;

const caller = { principal: person("ada"), requestId: "test", sourceAddress: undefined };

beforeEach(async () => {
  hub = await HubHarness.start();
  repo = await hub.repo("ada/train");
});

afterEach(async () => {
  await hub[Symbol.asyncDispose]();
});

/** The same object, one method replaced. */
function withMethod<T extends object, K extends keyof T>(target: T, name: K, replacement: T[K]): T {
  return new Proxy(target, {
    get: (_, property) => {
      if (property === name) return replacement;
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const diskFull = async (): Promise<never> => {
  throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
};

function gitWith(change: (git: GitRepository) => GitRepository): GitRepositories {
  return { open: (named) => change(hub.git.open(named)) };
}

function stagedWith(change: (staged: StagedObjects) => StagedObjects): GitRepositories {
  return gitWith((git) => withMethod(git, "stageObjects", async () => change(await git.stageObjects())));
}

async function* bodyOf(...lines: readonly object[]): AsyncGenerator<Uint8Array> {
  const all = [{ key: "header", value: { summary: "s" } }, ...lines];
  yield Buffer.from(all.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

const file = (path: string) => ({ key: "file", value: { path, content: path } });

function commitWith(git: GitRepositories, body = bodyOf(file("a"))) {
  return commitToBranch({ ...hub.deps, git }, { ...caller, repo, ref: "refs/heads/main", body });
}

const native = (...args: string[]): string =>
  execFileSync("git", ["--git-dir", hub.git.directoryOf(repo.repoId), ...args], { encoding: "utf8", stdio: "pipe" });

describe("a full disk", () => {
  const points: readonly (readonly [string, () => GitRepositories])[] = [
    ["starting", () => gitWith((git) => withMethod(git, "stageObjects", diskFull))],
    ["writing a file", () => stagedWith((staged) => withMethod(staged, "writeBlob", diskFull))],
    ["writing a folder", () => stagedWith((staged) => withMethod(staged, "writeTree", diskFull))],
    ["writing the commit", () => stagedWith((staged) => withMethod(staged, "writeCommit", diskFull))],
    ["publishing", () => stagedWith((staged) => withMethod(staged, "publish", diskFull))],
    ["moving the branch", () => gitWith((git) => withMethod(git, "updateRef", diskFull))],
  ];

  it.each(points)("while %s is answered with 507 and changes nothing", async (_, git) => {
    const before = native("rev-parse", "main");
    await expect(commitWith(git())).rejects.toMatchObject({ status: 507, code: "StorageFull" });
    expect(native("rev-parse", "main")).toBe(before);
    native("fsck", "--strict");
    await expect(commitWith(hub.git)).resolves.toMatch(/^[0-9a-f]{40}$/);
  });

  it("after the audit entry leaves a second one that says so", async () => {
    await expect(commitWith(gitWith((git) => withMethod(git, "updateRef", diskFull)))).rejects.toThrow();
    expect(hub.audited.map(({ event, outcome }) => `${event} ${outcome}`)).toEqual([
      "repo.commit allowed",
      "repo.commit denied",
    ]);
  });
});

describe("a branch that moves behind our back", () => {
  it("gets the commit on top of the new tip", async () => {
    let moved = false;
    const git = gitWith((inner) =>
      withMethod(inner, "updateRef", async (ref, to, expected) => {
        if (!moved) {
          moved = true;
          await commitToBranch(
            { ...hub.deps, locks: { run: (_key, task) => task() } },
            { ...caller, repo, ref: "refs/heads/main", body: bodyOf(file("intruder")) },
          );
        }
        return await inner.updateRef(ref, to, expected);
      }),
    );
    const commit = await commitWith(git);
    expect(native("rev-parse", "main").trim()).toBe(commit);
    expect(native("ls-tree", "--name-only", "main").trim().split("\n")).toEqual([".gitattributes", "a", "intruder"]);
  });
});

it("says RepoNotFound when the repo is deleted while its commit comes in", async () => {
  const body = (async function* () {
    yield* bodyOf(file("a"));
    await deleteRepo(hub.deps, caller, repo);
    yield Buffer.from(`${JSON.stringify(file("b"))}\n`);
  })();
  await expect(commitWith(hub.git, body)).rejects.toMatchObject({ status: 404, code: "RepoNotFound" });
});
