import { execFile, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { commit, downloadFile, fileDownloadInfo, uploadFiles } from "@huggingface/hub";
import { checkStorage } from "@postern/server/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonCheckout, runHf } from "../clients/python-hf.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { makeBucket } from "../harness/s3-bucket.ts";
import { type SwiftServer, startSwift, swiftMissing } from "../harness/swift-server.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const missing = swiftMissing();
const hasGitLfs = spawnSync("git-lfs", ["version"]).status === 0;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const run = promisify(execFile);

describe.skipIf(missing !== undefined)(
  `real clients of a hub whose large files are in Swift${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    const folder = temporaryFolder("s3-clients");
    let swift: SwiftServer;
    let hub: RunningHub;
    let token: string;
    let environment: Readonly<Record<string, string>>;
    const logged: string[] = [];

    beforeAll(async () => {
      swift = await startSwift();
      await makeBucket(swift, "models");
      environment = {
        POSTERN_LFS_STORAGE: "s3",
        POSTERN_S3_ENDPOINT: swift.endpoint,
        POSTERN_S3_REGION: swift.region,
        POSTERN_S3_BUCKET: "models",
        POSTERN_S3_ACCESS_KEY_ID: swift.accessKeyId,
        POSTERN_S3_SECRET_ACCESS_KEY: swift.secretAccessKey,
      };
      hub = await startHub({ log: (line) => logged.push(line), environment });
      token = await hub.user("ada");
    });
    afterAll(async () => {
      await hub?.[Symbol.asyncDispose]();
      await swift?.[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    const commitPointer = (repo: string, oid: string, size: number) =>
      hub.call("POST", `/api/models/${repo}/commit/main`, {
        token,
        headers: { "content-type": "application/x-ndjson" },
        body: [
          { key: "header", value: { summary: "a" } },
          { key: "lfsFile", value: { path: "model.bin", algo: "sha256", oid, size } },
        ]
          .map((line) => JSON.stringify(line))
          .join("\n"),
      });
    const batch = async (repo: string, operation: string, oid: string, size: number, transfers = ["basic"]) =>
      (
        await hub.call("POST", `/${repo}.git/info/lfs/objects/batch`, {
          token,
          body: { operation, transfers, objects: [{ oid, size }], hash_algo: "sha256" },
          headers: { accept: "application/vnd.git-lfs+json", "content-type": "application/vnd.git-lfs+json" },
        })
      ).json.objects[0];

    it("JavaScript uploads past us, never says so, commits, and reads the same bytes back", async () => {
      await hub.repo("ada/js", { token });
      const bytes = randomBytes(700_000);
      const client = { hubUrl: hub.url, accessToken: token, repo: "ada/js" };
      await uploadFiles({ ...client, files: [{ path: "w eights.safetensors", content: new Blob([bytes]) }] });
      const info = await fileDownloadInfo({ ...client, path: "w eights.safetensors" });
      expect([info?.size, info?.etag]).toEqual([700_000, `"${sha256(bytes)}"`]);
      const blob = await downloadFile({ ...client, path: "w eights.safetensors" });
      expect(Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer()).equals(bytes)).toBe(true);
    });

    it("a reader is sent to the store, with the true length, digest and name beside it", async () => {
      const url = `${hub.url}/ada/js/resolve/main/w%20eights.safetensors`;
      const head = await fetch(url, { method: "HEAD", redirect: "manual" });
      expect([head.status, head.headers.get("content-length")]).toEqual([200, "700000"]);
      const answer = await fetch(url, { redirect: "manual" });
      expect(answer.status).toBe(302);
      const location = new URL(answer.headers.get("location") ?? "");
      expect(location.origin).toBe(swift.endpoint);
      expect(answer.headers.get("x-linked-size")).toBe("700000");
      expect(answer.headers.get("x-linked-etag")).toBe(head.headers.get("etag"));
      expect(answer.headers.get("x-repo-commit")).toMatch(/^[0-9a-f]{40}$/);
      expect(answer.headers.get("cache-control")).toContain("no-store");
      const resumed = await fetch(url, { headers: { range: "bytes=699990-" } });
      expect([resumed.status, resumed.headers.get("content-range")]).toEqual([206, "bytes 699990-699999/700000"]);
      expect(resumed.headers.get("content-disposition")).toContain("w%20eights.safetensors");
    });

    it("an object that was announced and never sent, or sent with other bytes, cannot be committed", async () => {
      await hub.repo("ada/liar", { token });
      const oid = sha256(randomBytes(8));
      const { actions } = await batch("ada/liar", "upload", oid, 1000);
      expect((await commitPointer("ada/liar", oid, 1000)).json.code).toBe("ObjectMissing");
      expect((await fetch(actions.upload.href, { method: "PUT", body: randomBytes(1000) })).status).toBe(200);
      const refused = await commitPointer("ada/liar", oid, 1000);
      expect([refused.status, refused.json.code]).toEqual([400, "BadRequest"]);
      const verified = await fetch(actions.verify.href, { method: "POST", body: JSON.stringify({ oid, size: 1000 }) });
      expect(verified.status).toBe(404);
      expect((await batch("ada/liar", "download", oid, 1000)).error.code).toBe(404);
    });

    it("an object of one repo does not count in another, also past us", async () => {
      await hub.repo("ada/first", { token });
      await hub.repo("ada/second", { token });
      const bytes = randomBytes(1000);
      const { actions } = await batch("ada/first", "upload", sha256(bytes), 1000);
      await fetch(actions.upload.href, { method: "PUT", body: bytes });
      expect((await commitPointer("ada/second", sha256(bytes), 1000)).json.code).toBe("ObjectMissing");
      expect((await commitPointer("ada/first", sha256(bytes), 1000)).status).toBe(200);
      expect((await commitPointer("ada/second", sha256(bytes), 1000)).json.code).toBe("ObjectMissing");
    });

    it("a pull request by the JavaScript client takes in what it sent past us", async () => {
      const bytes = randomBytes(2000);
      const client = { hubUrl: hub.url, accessToken: token, repo: "ada/js", isPullRequest: true };
      const done = await uploadFiles({ ...client, files: [{ path: "pr.safetensors", content: new Blob([bytes]) }] });
      expect(done?.pullRequestUrl).toMatch(/\/discussions\/\d+$/);
      const number = done?.pullRequestUrl?.split("/").at(-1);
      const read = await fetch(`${hub.url}/ada/js/resolve/refs%2Fpr%2F${number}/pr.safetensors`);
      expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
    });

    it("an upload in parts is joined by us and recorded", async () => {
      const bytes = randomBytes(6_000_000);
      const oid = sha256(bytes);
      const { actions } = await batch("ada/first", "upload", oid, bytes.length, ["multipart"]);
      const { chunk_size: _, ...urls } = actions.upload.header;
      expect(new URL(urls["00001"]).origin).toBe(swift.endpoint);
      const sent = await fetch(urls["00001"], { method: "PUT", body: bytes });
      const parts = [{ partNumber: 1, etag: sent.headers.get("etag") }];
      const done = await fetch(actions.upload.href, { method: "POST", body: JSON.stringify({ oid, parts }) });
      expect(done.status, await done.text()).toBe(200);
      expect((await commitPointer("ada/first", oid, bytes.length)).status).toBe(200);
      const log = await hub.call("GET", "/api/postern/v1/audit?after=0&limit=1000", { token: hub.adminToken });
      const uploads = log.text.split("\n").filter((line) => line.includes('"lfs.upload"'));
      expect(uploads.filter((line) => line.includes(oid))).toHaveLength(1);
    });

    it.skipIf(!hasGitLfs)("git-lfs pushes, verifies and pulls", async () => {
      await hub.repo("ada/lfs", { token });
      const work = path.join(folder.path, "work");
      mkdirSync(work);
      const env = { PATH: process.env.PATH, HOME: folder.path, GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
      const git = (cwd: string, ...args: readonly string[]) => run("git", args, { cwd, env });
      await git(work, "init", "-q", "-b", "main");
      await git(work, "lfs", "install", "--local");
      const url = new URL(`${hub.url}/ada/lfs.git/info/lfs`);
      url.username = "ada";
      url.password = token;
      await git(work, "config", "lfs.url", url.href);
      await git(work, "config", "lfs.locksverify", "false");
      writeFileSync(path.join(work, ".gitattributes"), "*.bin filter=lfs diff=lfs merge=lfs -text\n");
      const bytes = randomBytes(900_000);
      writeFileSync(path.join(work, "model.bin"), bytes);
      await git(work, "add", ".");
      await git(work, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "one");
      const remote = path.join(folder.path, "remote.git");
      await git(folder.path, "init", "-q", "--bare", remote);
      await git(work, "remote", "add", "origin", remote);
      await git(work, "lfs", "push", "origin", "main");
      // `verify` made it an object: nobody else has to.
      expect((await batch("ada/lfs", "upload", sha256(bytes), bytes.length)).actions).toBeUndefined();
      await git(work, "lfs", "prune", "--force").catch(() => undefined);
      await run("rm", ["-rf", path.join(work, ".git", "lfs", "objects"), path.join(work, "model.bin")]);
      await git(work, "-c", "filter.lfs.smudge=cat", "checkout", "--", ".").catch(() => undefined);
      await git(work, "lfs", "pull", "origin");
      expect(sha256(readFileSync(path.join(work, "model.bin")))).toBe(sha256(bytes));
    });

    it.skipIf(pythonCheckout === undefined)("Python uploads and downloads, and resumes", async () => {
      const bytes = randomBytes(1_200_000);
      const source = path.join(folder.path, "py");
      mkdirSync(source);
      writeFileSync(path.join(source, "model.safetensors"), bytes);
      writeFileSync(path.join(source, "config.json"), "{}");
      const env = { HF_ENDPOINT: hub.url, HF_TOKEN: token, HF_HUB_DISABLE_XET: "1" };
      const up = await runHf(["upload", "ada/py", source, "."], { home: folder.path, env });
      expect(up.code, up.stderr).toBe(0);
      const target = path.join(folder.path, "got");
      const down = await runHf(["download", "ada/py", "--local-dir", target], { home: folder.path, env });
      expect(down.code, down.stderr).toBe(0);
      expect(readdirSync(target)).toContain("config.json");
      expect(sha256(readFileSync(path.join(target, "model.safetensors")))).toBe(sha256(bytes));
    });

    it("garbage is put aside in the bucket and brought back, and fsck finds all in order", async () => {
      await hub.repo("ada/gone", { token });
      const bytes = randomBytes(4000);
      const oid = sha256(bytes);
      const { actions } = await batch("ada/gone", "upload", oid, bytes.length);
      await fetch(actions.upload.href, { method: "PUT", body: bytes });
      expect((await commitPointer("ada/gone", oid, bytes.length)).status).toBe(200);
      const gc = (path: string, body: Readonly<Record<string, unknown>>) =>
        hub.call("POST", `/api/postern/v1/storage/gc${path}`, { token: hub.adminToken, body });
      expect((await gc("", { dry_run: true })).json.oids.quarantined).toEqual([]);
      await hub.call("DELETE", "/api/repos/delete", { token, body: { organization: "ada", name: "gone" } });
      const done = await gc("", {});
      expect(done.json.oids?.quarantined, done.text).toEqual([oid]);
      expect((await gc("/restore", { oids: [oid] })).json).toEqual({ count: 1, restored: [oid] });
      const { findings, objects } = await checkStorage({ dataDir: hub.dataDir, environment, deep: true });
      expect(findings).toEqual([]);
      expect(objects).toBeGreaterThan(4);
    });

    it("a store that does not answer is 503, for a while only", async () => {
      await hub.repo("ada/down", { token });
      const bytes = randomBytes(3000);
      const { actions } = await batch("ada/down", "upload", sha256(bytes), bytes.length);
      await fetch(actions.upload.href, { method: "PUT", body: bytes });
      await swift.stopProxy();
      expect((await commitPointer("ada/down", sha256(bytes), bytes.length)).status).toBe(503);
      await swift.restartProxy();
      expect((await commitPointer("ada/down", sha256(bytes), bytes.length)).status).toBe(200);
    });

    it("no secret and no signed address was logged", () => {
      expect(logged.length).toBeGreaterThan(0);
      const told = logged.join("\n");
      expect(told).not.toMatch(/X-Amz-Signature|Signature=/);
      expect(told).not.toContain(swift.secretAccessKey === "testing" ? '"testing"' : swift.secretAccessKey);
    });

    it("a commit by the JavaScript client that names nothing new needs no upload", async () => {
      const client = { hubUrl: hub.url, accessToken: token, repo: "ada/js" };
      const blob = await downloadFile({ ...client, path: "w eights.safetensors" });
      const content = new Blob([(await blob?.arrayBuffer()) ?? ""]);
      const done = await commit({
        ...client,
        title: "again",
        operations: [{ operation: "addOrUpdate", path: "b.safetensors", content }],
      });
      expect(done?.commit.oid).toMatch(/^[0-9a-f]{40}$/);
    });
  },
);
