import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";
import { realGit, withToken } from "./real-git.ts";

const folder = temporaryFolder("git-refusals");
const git = realGit(folder.path);
const cwd = "repo";
let hub: RunningHub;
let ada: string;

beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  await hub.repo("ada/train", { token: ada });
  await git.ok(["clone", withToken(`${hub.url}/ada/train`, ada), cwd]);
  // What a hostile pusher's git would do.
  for (const [name, value] of [
    ["core.protectNTFS", "false"],
    ["core.protectHFS", "false"],
    ["protocol.version", "2"],
  ])
    await git.ok(["config", name ?? "", value ?? ""], { cwd });
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function blob(content: string | Uint8Array): Promise<string> {
  git.write({ blob: content });
  return await git.ok(["hash-object", "-w", "../blob"], { cwd });
}

/** A tree object of exactly these entries, whatever git thinks of their names. */
async function tree(
  entries: readonly (readonly [mode: string, name: string | Buffer, oid: string])[],
): Promise<string> {
  const content = entries.map(([mode, name, oid]) =>
    Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.from([0]), Buffer.from(oid, "hex")]),
  );
  git.write({ tree: Buffer.concat(content) });
  return await git.ok(["hash-object", "-t", "tree", "--literally", "-w", "../tree"], { cwd });
}

async function commit(treeId: string, parent = "origin/main"): Promise<string> {
  return await git.ok(["commit-tree", treeId, "-p", parent, "-m", "pushed"], { cwd });
}

async function push(commitId: string, ref = "refs/heads/hostile"): Promise<{ code: number | null; stderr: string }> {
  return await git.run(["push", "--force", "origin", `${commitId}:${ref}`], { cwd });
}

/** Without the notes of the hub itself, which follow what was pushed before a little later. */
const remoteRefs = async (): Promise<string> =>
  (await git.ok(["ls-remote", "origin"], { cwd }))
    .split("\n")
    .filter((line) => !line.endsWith("refs/notes/provenance"))
    .join("\n");

describe("a push with a path that some system would misread", () => {
  it.each([
    [".git", "hasDotgit"],
    [".GIT", "hasDotgit"],
    ["git~1", "hasDotgit"],
    [".git ", "hasDotgit"],
    [".git\u200b\u2060", 'some systems read a part as ".git"'],
    [".git::$INDEX_ALLOCATION", "git"],
    [".g\u200cit", "git"],
    ["..", "hasDotdot"],
    ["a\\b", "it contains a backslash"],
    ["a\nb", "it contains a control character"],
    [".gitmodules", "submodules are not supported"],
    ["x".repeat(256), "a part is longer than 255 bytes"],
    [Buffer.from([0x61, 0xff]), "it is no valid Unicode"],
  ])("is refused: %j", async (name, reason) => {
    const before = await remoteRefs();
    const { code, stderr } = await push(await commit(await tree([["100644", name, await blob("x\n")]])));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^remote: /m);
    expect(stderr).toContain(reason);
    expect(await remoteRefs()).toBe(before);
  });

  it("is refused deep inside a folder, and so is a path that grows too long by a folder that moves", async () => {
    const bad = await tree([["100644", "con\u0001trol", await blob("x\n")]]);
    const deep = await tree([["40000", "folder", bad]]);
    expect((await push(await commit(deep))).stderr).toContain('Invalid path "folder/con?trol"');

    const part = "p".repeat(250);
    let nested = await tree([["100644", "file", await blob("y\n")]]);
    for (let depth = 0; depth < 12; depth++) nested = await tree([["40000", part, nested]]);
    const known = await commit(nested);
    expect((await push(known, "refs/heads/long")).code).toBe(0);
    // The folder itself is in the repo by now; only where it hangs is new.
    for (let depth = 0; depth < 6; depth++) nested = await tree([["40000", part, nested]]);
    expect((await push(await commit(nested, known), "refs/heads/long")).stderr).toContain(
      "it is longer than 4096 bytes",
    );
  });

  it("is refused for a submodule", async () => {
    const link = await tree([["160000", "vendored", "a".repeat(40)]]);
    expect((await push(await commit(link))).stderr).toContain('remote: "vendored": submodules are not supported.');
  });

  it("is not refused for links, executables, blanks and other alphabets", async () => {
    const file = await blob("fine\n");
    const names = ["#%+ ?", ".hidden", "A", "Ünï", "a", "日本語"];
    const fine = await tree(
      [
        ...names.map((name) => ["100644", name, file] as const),
        ["120000", "~link", await blob("../elsewhere")],
        ["100755", "~run", file],
      ].sort(([, left], [, right]) => Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)))) as never,
    );
    const { code, stderr } = await push(await commit(fine), "refs/heads/fine");
    expect(code, stderr).toBe(0);
  });
});

describe("a push with large files", () => {
  const pointerTo = (oid: string, size: number): string =>
    `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;

  async function upload(repo: string, bytes: string): Promise<string> {
    const oid = createHash("sha256").update(bytes).digest("hex");
    const { json } = await hub.call("POST", `/${repo}.git/info/lfs/objects/batch`, {
      token: ada,
      body: { operation: "upload", transfers: ["basic"], objects: [{ oid, size: bytes.length }] },
    });
    await fetch(json.objects[0].actions.upload.href, { method: "PUT", body: bytes });
    return oid;
  }
  const pushPointer = async (text: string) =>
    push(await commit(await tree([["100644", "model.bin", await blob(text)]])), "refs/heads/pointer");

  it("is refused when a pointer's object was never uploaded, was uploaded to another repo, or has another size", async () => {
    const unknown = await pushPointer(pointerTo("ab".repeat(32), 5));
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain(
      `remote: "model.bin": its LFS object ${"ab".repeat(32)} was not uploaded to this repo.`,
    );
    await hub.repo("ada/other", { private: true, token: ada });
    const foreign = await pushPointer(pointerTo(await upload("ada/other", "somebody's weights"), 18));
    expect(foreign.stderr).toContain("was not uploaded to this repo");
    const own = await upload("ada/train", "our own weights");
    const size = await pushPointer(pointerTo(own, 99));
    expect(size.stderr).toContain("the pointer claims 99 bytes, its LFS object has 15");
    expect((await pushPointer(pointerTo(own, 15))).code).toBe(0);
  });

  it("is refused when a file above the limit is no LFS file", async () => {
    const large = await tree([["100644", "weights.txt", await blob(randomBytes(10_000_001))]]);
    const { code, stderr } = await push(await commit(large), "refs/heads/large");
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: "weights.txt": 10000001 bytes; files above 10000000 bytes have to be LFS files.');
    const fits = await tree([["100644", "weights.txt", await blob(randomBytes(10_000_000))]]);
    expect((await push(await commit(fits), "refs/heads/large")).code).toBe(0);
  });
});

describe("a push of refs", () => {
  it.each([
    ["HEAD:refs/notes/commits", "only branches, tags and pull requests can be pushed"],
    ["HEAD:refs/notes/provenance", "only branches, tags and pull requests can be pushed"],
    ["HEAD:refs/secret/x", "only branches, tags and pull requests can be pushed"],
    ["HEAD:refs/pr/1", "there is no such open pull request"],
    ["HEAD:refs/heads/-x", "invalid name of a branch or tag"],
    [`HEAD:refs/heads/${"a".repeat(40)}`, "invalid name of a branch or tag"],
    [`HEAD:refs/heads/${"n".repeat(230)}`, "invalid name of a branch or tag"],
    [":main", "the branch main cannot be deleted"],
    ["HEAD^{tree}:refs/heads/no-commit", "a branch names a commit"],
    ["HEAD:.gitattributes:refs/tags/no-commit", "a tag names a commit"],
  ])("is refused where nobody may write: %s", async (refspec, reason) => {
    const source = refspec.includes("gitattributes")
      ? `${await git.ok(["rev-parse", "HEAD:.gitattributes"], { cwd })}:refs/tags/no-commit`
      : refspec;
    const before = await remoteRefs();
    const { code, stderr } = await git.run(["push", "--force", "origin", source], { cwd });
    expect(code).not.toBe(0);
    // The client refuses some of them by itself.
    expect(stderr).toMatch(
      new RegExp(
        `${reason}|not a valid ref|invalid refspec|not a full refname|must be a commit|destination you provided`,
      ),
    );
    expect(await remoteRefs()).toBe(before);
  });

  it("moves none of them when it is atomic and one is refused, and the others when it is not", async () => {
    const refs = ["HEAD:refs/heads/one", "HEAD:refs/notes/two"];
    expect((await git.run(["push", "--atomic", "origin", ...refs], { cwd })).stderr).toContain("atomic push failed");
    expect(await remoteRefs()).not.toContain("refs/heads/one");
    expect((await git.run(["push", "origin", ...refs], { cwd })).code).not.toBe(0);
    expect(await remoteRefs()).toContain("refs/heads/one");
  });

  it("is refused where a branch would be a folder of another", async () => {
    const { stderr } = await git.run(["push", "origin", "HEAD:refs/heads/one/below"], { cwd });
    expect(stderr).toContain("another ref has a name that this one would be a folder of");
  });
});

describe("a push of objects that are not well", () => {
  it("is refused as git fsck would, in its words", async () => {
    const file = await blob("x\n");
    const twice = await tree([
      ["100644", "a", file],
      ["100644", "a", file],
    ]);
    const { code, stderr } = await push(await commit(twice));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/remote: An object is malformed, as git fsck sees it: [0-9a-f]{40}: duplicateEntries/);
  });

  it("leaves nothing behind, neither its objects nor the folder that they came to", async () => {
    const secret = await blob(randomBytes(10_000_002));
    expect((await push(await commit(await tree([["100644", "a", secret]])))).code).not.toBe(0);
    const repos = readdirSync(path.join(hub.dataDir, "repos"), { recursive: true, encoding: "utf8" });
    expect(repos.filter((name) => name.includes("tmp_objdir"))).toEqual([]);
    for (const repo of repos.filter((name) => name.endsWith(".git"))) {
      const found = await git.run(["--git-dir", path.join(hub.dataDir, "repos", repo), "cat-file", "-e", secret]);
      expect(found.code, repo).not.toBe(0);
    }
  });
});

describe("the card of a pushed branch", () => {
  it("is refused when nobody can read it, and describes the repo when it comes to main", async () => {
    const before = await remoteRefs();
    const bad = await commit(await tree([["100644", "README.md", await blob("---\n{a: [\n---\n")]]));
    const { code, stderr } = await push(bad);
    expect(code).not.toBe(0);
    expect(stderr).toContain("Invalid metadata in README.md");
    expect(await remoteRefs()).toBe(before);
    // A later commit that mends it makes the history good enough.
    const card = await tree([["100644", "README.md", await blob("---\ntags: [pushed]\n---\n")]]);
    await git.ok(["push", "--force", "origin", `${await commit(card, bad)}:refs/heads/main`], { cwd });
    const listed = await hub.call("GET", "/api/models?filter=pushed");
    expect(listed.json).toMatchObject([{ id: "ada/train", tags: ["pushed"] }]);
  });
});
