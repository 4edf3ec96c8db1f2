import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatCommit, formatTag } from "../../git/commit-object.ts";
import type { GitRepository } from "../../git/git-repository.ts";
import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import { formatTree } from "../../git/tree-object.ts";
import { GitRepositoriesOnDisk } from "./git-repositories-on-disk.ts";

const REPO_ID = "0123456789abcdef01234567";
const ABSENT = parseObjectId("0".repeat(39).concat("1"));

let directory: string;
let repositories: GitRepositoriesOnDisk;
let git: GitRepository;
let commit: ObjectId;

const author = { name: "ada", email: "ada@example.org" };

async function commitOf(content: Uint8Array, parent?: ObjectId): Promise<{ commit: ObjectId; blob: ObjectId }> {
  await using staged = await git.stageObjects();
  const blob = await staged.writeBlob(content);
  const tree = await staged.writeTree(formatTree([{ name: "file", mode: "100644", oid: blob }]));
  const id = await staged.writeCommit(formatCommit({ tree, parent, author, at: 1_700_000_000, message: "m" }));
  await staged.publish();
  return { commit: id, blob };
}

function native(...args: string[]): string {
  return execFileSync("git", ["--git-dir", repositories.directoryOf(REPO_ID), ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-git-"));
  repositories = new GitRepositoriesOnDisk({
    dataDirectory: directory,
    nonce: () => randomBytes(8).toString("hex"),
    startedAtMs: Date.now(),
  });
  await repositories.build(REPO_ID, async () => {});
  await repositories.finish(REPO_ID);
  git = repositories.open({ repoId: REPO_ID });
  ({ commit } = await commitOf(Buffer.from("hello\n")));
  expect(await git.updateRef("refs/heads/main", commit, undefined)).toBe("updated");
});

afterEach(async () => {
  repositories.close();
  await rm(directory, { recursive: true, force: true });
});

describe("objects", () => {
  it("are the ones that git makes of the same content", async () => {
    const content = randomBytes(5000);
    const { blob } = await commitOf(content);
    const oid = execFileSync("git", ["hash-object", "--stdin"], { input: content, encoding: "utf8" }).trim();
    expect(blob).toBe(oid);
    native("fsck", "--strict");
  });

  it("stream a large blob whole and in part, without holding it", async () => {
    const content = randomBytes(3_000_000);
    const { blob } = await commitOf(content);
    const whole = await git.openBlob(blob);
    expect(whole.size).toBe(content.length);
    expect((await buffer(whole.stream)).equals(content)).toBe(true);
    for (const range of [
      { start: 0, length: 1 },
      { start: 1_234_567, length: 100_000 },
      { start: 2_999_999, length: 1 },
    ]) {
      const part = await buffer((await git.openBlob(blob, range)).stream);
      expect(part.equals(content.subarray(range.start, range.start + range.length))).toBe(true);
    }
    expect(await git.readBlob(blob, 1000)).toBeUndefined();
  });

  it("are found again after a repack by git itself, and after the reader was killed", async () => {
    native("gc", "-q", "--prune=now");
    native("pack-refs", "--all");
    expect(await git.resolveRevision("main")).toBe(commit);
    const readers = execFileSync("ps", ["--ppid", String(process.pid), "-o", "pid=,args="], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes("cat-file --batch-command") && line.includes(directory));
    expect(readers).toHaveLength(1);
    process.kill(Number.parseInt(readers[0] ?? "", 10), "SIGKILL");
    const answers = await Promise.all(Array.from({ length: 50 }, () => git.entryAt(commit, "file")));
    expect(new Set(answers.map((entry) => entry?.size))).toEqual(new Set([6]));
  });

  it("answer 5,000 questions at once in the right order", async () => {
    const { commit: other, blob } = await commitOf(Buffer.from("another"));
    const answers = await Promise.all(
      Array.from({ length: 5000 }, (_, index) =>
        index % 3 === 0 && ABSENT !== undefined
          ? git.readBlob(ABSENT, 10)
          : index % 3 === 1
            ? git.readBlob(blob, 10)
            : git.readCommit(other),
      ),
    );
    for (const [index, answer] of answers.entries()) {
      if (index % 3 === 0) expect(answer).toBeUndefined();
      else if (index % 3 === 1) expect(String(answer)).toBe("another");
      else expect(answer).toMatchObject({ id: other, authorName: "ada", title: "m" });
    }
  });

  it("that were never published leave nothing, also after a crash", async () => {
    const leftover = join(repositories.directoryOf(REPO_ID), "objects/tmp_objdir-incoming-dead");
    await mkdir(leftover);
    utimesSync(leftover, 1, 1);
    const fresh = new GitRepositoriesOnDisk({ dataDirectory: directory, nonce: () => "n1", startedAtMs: Date.now() });
    {
      await using staged = await fresh.open({ repoId: REPO_ID }).stageObjects();
      await staged.writeBlob(Buffer.from("never published"));
    }
    fresh.close();
    const names = await readdir(join(repositories.directoryOf(REPO_ID), "objects"));
    expect(names.filter((name) => name.startsWith("tmp_"))).toEqual([]);
    expect(native("count-objects")).toMatch(/^3 objects/);
  });
});

it("knows nothing of another repo's objects, even after they were read there", async () => {
  const other = "76543210fedcba9876543210";
  await repositories.build(other, async () => {});
  const stranger = repositories.open({ repoId: other });
  const tree = (await git.readCommit(commit))?.tree;
  expect(await git.entryAt(commit, "file")).toBeDefined();
  expect(await stranger.resolveRevision(commit)).toBeUndefined();
  expect(await stranger.readCommit(commit)).toBeUndefined();
  expect(tree === undefined ? "no tree" : await stranger.readTree(tree)).toBeUndefined();
  expect(await stranger.entryAt(commit, "file")).toBeUndefined();
});

describe("refs", () => {
  it("move only from the value that was expected", async () => {
    const next = (await commitOf(Buffer.from("2"), commit)).commit;
    expect(await git.updateRef("refs/heads/main", next, next)).toBe("stale");
    expect(await git.updateRef("refs/heads/main", next, undefined)).toBe("stale");
    expect(await git.updateRef("refs/heads/none", next, commit)).toBe("stale");
    expect(await git.updateRef("refs/heads/main/sub", next, undefined)).toBe("clash");
    expect(await git.updateRef("refs/heads/main", next, commit)).toBe("updated");
    expect(native("rev-parse", "main")).toBe(next);
  });

  it("are read as git reads them: loose before packed, tags peeled, a deleted one gone", async () => {
    await using staged = await git.stageObjects();
    const tag = await staged.writeTag(formatTag(commit, "v1", { author, at: 1_700_000_000, message: "first" }));
    await staged.publish();
    await git.updateRef("refs/tags/v1", tag, undefined);
    await git.updateRef("refs/heads/x", commit, undefined);
    native("pack-refs", "--all");
    const next = (await commitOf(Buffer.from("2"), commit)).commit;
    await git.updateRef("refs/heads/main", next, commit);
    await git.updateRef("refs/heads/x", undefined, commit);
    expect(await git.resolveRevision("main")).toBe(next);
    expect(await git.resolveRevision("v1")).toBe(commit);
    expect(await git.readRefTarget("refs/tags/v1")).toBe(tag);
    expect(await git.resolveRevision("x")).toBeUndefined();
    expect(await git.listRefs("refs/")).toEqual([
      { ref: "refs/heads/main", commit: next },
      { ref: "refs/tags/v1", commit },
    ]);
    native("fsck", "--strict");
  });

  it("can move although a process that was killed left its lock, but wait for a lock that somebody holds", async () => {
    const lock = join(repositories.directoryOf(REPO_ID), "refs/heads/main.lock");
    const next = (await commitOf(Buffer.from("2"), commit)).commit;
    writeFileSync(lock, "");
    utimesSync(lock, 1, 1);
    expect(await git.updateRef("refs/heads/main", next, commit)).toBe("updated");
    writeFileSync(lock, "");
    utimesSync(lock, Date.now() / 1000 + 60, Date.now() / 1000 + 60);
    await expect(git.updateRef("refs/heads/main", commit, next)).rejects.toThrow("stays locked");
    expect(existsSync(lock)).toBe(true);
  });

  it.each([
    "../../../etc/passwd",
    "refs/heads/../../HEAD",
    "refs/heads/x.lock",
    "config",
    "refs//heads",
    "refs/heads/a b",
  ])("never look at %s", async (ref) => {
    expect(await git.readRef(ref)).toBeUndefined();
    expect(await git.resolveRevision(ref)).toBeUndefined();
    await expect(git.updateRef(ref, commit, undefined)).rejects.toThrow("not a full ref");
  });
});

describe("the environment of git", () => {
  it("is not the server's: no hooks, no configuration of the repo's own runs", async () => {
    const hook = join(repositories.directoryOf(REPO_ID), "hooks/reference-transaction");
    const mark = join(directory, "hook-ran");
    await mkdir(join(hook, ".."), { recursive: true });
    writeFileSync(hook, `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    const next = (await commitOf(Buffer.from("2"), commit)).commit;
    expect(await git.updateRef("refs/heads/main", next, commit)).toBe("updated");
    expect(existsSync(mark)).toBe(false);
  });
});

it("serves what plain git and sha1sum find in the same folder", async () => {
  const child = spawn("git", ["--git-dir", repositories.directoryOf(REPO_ID), "cat-file", "blob", "main:file"]);
  const seen = createHash("sha256")
    .update(await buffer(child.stdout))
    .digest("hex");
  expect(seen).toBe(createHash("sha256").update("hello\n").digest("hex"));
});
