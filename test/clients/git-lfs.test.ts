import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";
import { hasGitLfs, realGit, withToken } from "./real-git.ts";

const folder = temporaryFolder("git-lfs");
const git = realGit(folder.path);
const requests: { readonly method: string; readonly path: string; readonly status: number }[] = [];
let hub: RunningHub;
let ada: string;

beforeAll(async () => {
  if (!hasGitLfs) return;
  hub = await startHub({ log: (line) => requests.push(JSON.parse(line)) });
  ada = await hub.user("ada");
  await git.ok(["lfs", "install"]);
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const bytesOf = (file: string): Buffer => readFileSync(path.join(git.home, file));
const oidOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A repo with one large file that git-lfs pushed. @returns the file's bytes. */
async function pushed(name: string, size: number, visibility = {}): Promise<Buffer> {
  const bytes = randomBytes(size);
  await hub.repo(`ada/${name}`, { token: ada, ...visibility });
  await git.ok(["clone", withToken(`${hub.url}/ada/${name}`, ada), name]);
  git.write({ [`${name}/model.bin`]: bytes });
  await git.ok(["add", "."], { cwd: name });
  await git.ok(["commit", "-m", "Weights"], { cwd: name });
  await git.ok(["push"], { cwd: name });
  return bytes;
}

describe.skipIf(!hasGitLfs)("git-lfs (skipped where it is not installed)", () => {
  it("pushes a large file, and every other client reads the same bytes", async () => {
    const bytes = await pushed("train", 3_000_001);
    const read = await fetch(`${hub.url}/ada/train/resolve/main/model.bin`);
    expect(oidOf(new Uint8Array(await read.arrayBuffer()))).toBe(oidOf(bytes));
    const [entry] = (await hub.call("GET", "/api/models/ada/train/tree/main")).json.filter(
      ({ path: name }: { path: string }) => name === "model.bin",
    );
    expect(entry.lfs).toMatchObject({ oid: oidOf(bytes), size: bytes.length });
    await git.ok(["clone", `${hub.url}/ada/train.git`, "train-again"]);
    expect(bytesOf("train-again/model.bin").equals(bytes)).toBe(true);
    expect(await git.ok(["lfs", "fsck"], { cwd: "train-again" })).toContain("OK");
  });

  it("reads what a commit through the API made", async () => {
    const bytes = randomBytes(200_000);
    await hub.repo("ada/by-api", { token: ada });
    const batch = await hub.call("POST", "/ada/by-api.git/info/lfs/objects/batch", {
      token: ada,
      body: { operation: "upload", transfers: ["basic"], objects: [{ oid: oidOf(bytes), size: bytes.length }] },
    });
    await fetch(batch.json.objects[0].actions.upload.href, { method: "PUT", body: new Uint8Array(bytes) });
    const lines = [
      { key: "header", value: { summary: "Weights" } },
      {
        key: "lfsFile",
        value: { path: "sub folder/ä.weights", algo: "sha256", oid: oidOf(bytes), size: bytes.length },
      },
    ];
    const commit = await hub.call("POST", "/api/models/ada/by-api/commit/main", {
      token: ada,
      body: lines.map((line) => JSON.stringify(line)).join("\n"),
      headers: { "content-type": "application/x-ndjson" },
    });
    expect(commit.status, commit.text).toBe(200);
    await git.ok(["clone", `${hub.url}/ada/by-api`, "by-api"]);
    expect(bytesOf("by-api/sub folder/ä.weights").equals(bytes)).toBe(true);
  });

  it("asks the credential helper for a private repo, and a stranger gets neither git nor large files", async () => {
    const bytes = await pushed("hidden", 100_000, { private: true });
    const helper = `!f() { echo username=whoever; echo password=${ada}; }; f`;
    await git.ok(["clone", "-c", `credential.helper=${helper}`, `${hub.url}/ada/hidden`, "hidden-again"]);
    expect(bytesOf("hidden-again/model.bin").equals(bytes)).toBe(true);
    rmSync(path.join(git.home, "hidden-again/.git/lfs"), { recursive: true });
    const eve = await hub.user("eve");
    for (const token of [undefined, eve]) {
      const url = token === undefined ? `${hub.url}/ada/hidden` : withToken(`${hub.url}/ada/hidden`, token);
      await git.ok(["remote", "set-url", "origin", url], { cwd: "hidden-again" });
      const refused = await git.run(["-c", "credential.helper=", "lfs", "fetch"], { cwd: "hidden-again" });
      expect(refused.code).not.toBe(0);
      const oid = oidOf(bytes);
      const stored = path.join("hidden-again/.git/lfs/objects", oid.slice(0, 2), oid.slice(2, 4), oid);
      expect(existsSync(path.join(git.home, stored))).toBe(false);
    }
  });

  it("goes on where a download was cut off", async () => {
    const bytes = await pushed("resumed", 2_000_000);
    await git.ok(["clone", `${hub.url}/ada/resumed`, "resumed-again"], { env: { GIT_LFS_SKIP_SMUDGE: "1" } });
    const incomplete = path.join(git.home, "resumed-again/.git/lfs/incomplete");
    mkdirSync(incomplete, { recursive: true });
    writeFileSync(path.join(incomplete, `${oidOf(bytes)}.part`), bytes.subarray(0, 1_234_567));
    requests.length = 0;
    await git.ok(["lfs", "pull"], { cwd: "resumed-again" });
    expect(bytesOf("resumed-again/model.bin").equals(bytes)).toBe(true);
    const download = requests.find((request) => request.path === `/api/lfs/objects/${oidOf(bytes)}`);
    expect(download?.status).toBe(206);
  });

  it("sends an object again that a push without it was refused for", async () => {
    await hub.repo("ada/skipped", { token: ada });
    await git.ok(["clone", withToken(`${hub.url}/ada/skipped`, ada), "skipped"]);
    git.write({ "skipped/model.bin": randomBytes(5000) });
    await git.ok(["add", "."], { cwd: "skipped" });
    await git.ok(["commit", "-m", "Weights"], { cwd: "skipped" });
    const refused = await git.run(["push"], { cwd: "skipped", env: { GIT_LFS_SKIP_PUSH: "1" } });
    expect(refused.stderr).toContain('remote: "model.bin": its LFS object');
    expect(refused.code).not.toBe(0);
    await git.ok(["lfs", "push", "--all", "origin", "main"], { cwd: "skipped" });
    await git.ok(["push"], { cwd: "skipped", env: { GIT_LFS_SKIP_PUSH: "1" } });
  });

  it("is told in one sentence that there are no locks, and pushes all the same", async () => {
    await pushed("locks", 1000);
    for (const args of [["locks"], ["lock", "model.bin"], ["unlock", "--id=1"]]) {
      const { code, stderr, stdout } = await git.run(["lfs", ...args], { cwd: "locks" });
      expect(code, args.join(" ")).not.toBe(0);
      expect(`${stdout}${stderr}`, args.join(" ")).toContain("This hub has no file locks");
    }
    await git.ok(["config", `lfs.${withToken(`${hub.url}/ada/locks`, ada)}.git/info/lfs.locksverify`, "true"], {
      cwd: "locks",
    });
    await git.ok(["commit", "--allow-empty", "-m", "again"], { cwd: "locks" });
    const again = await git.run(["push"], { cwd: "locks" });
    expect(again.code, again.stderr).toBe(0);
    // No advice to switch on what is not there.
    expect(again.stderr).not.toContain("Locking support");
  });
});
