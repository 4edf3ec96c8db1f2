import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatLfsPointer } from "../git/lfs-pointer.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { HubHarness, jobFor } from "./hub-harness.contract.ts";

let hub: HubHarness;
let repo: StoredRepo;

beforeEach(async () => {
  hub = await HubHarness.start();
  repo = await hub.repo("ada/train");
});

afterEach(async () => {
  await hub[Symbol.asyncDispose]();
});

type Line = Readonly<Record<string, unknown>>;

const header = (value: Record<string, unknown> = {}): Line => ({
  key: "header",
  value: { summary: "change", ...value },
});
const file = (path: string, content: string | Buffer): Line => ({
  key: "file",
  value: { path, content: Buffer.from(content).toString("base64"), encoding: "base64" },
});

async function commit(lines: readonly Line[], { revision = "main", token = "hf_ada" } = {}) {
  const response = await hub.app.inject({
    method: "POST",
    url: `/api/models/ada/train/commit/${revision}`,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" },
    // No newline at the end, as the JavaScript client sends it.
    payload: lines.map((line) => JSON.stringify(line)).join("\n"),
  });
  return { status: response.statusCode, body: response.json(), headers: response.headers };
}

function git(...args: string[]): string {
  return execFileSync("git", ["--git-dir", hub.git.directoryOf(repo.repoId), ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

const stagingFolders = (): readonly string[] =>
  readdirSync(join(hub.git.directoryOf(repo.repoId), "objects")).filter((name) => name.startsWith("tmp_objdir"));

const files = (revision = "main"): readonly string[] =>
  git("ls-tree", "-r", "--name-only", revision).trim().split("\n").filter(Boolean);

describe("a commit through the API", () => {
  it("stores bytes that a clone sees unchanged, in a repo that git finds sound", async () => {
    const binary = randomBytes(300_000);
    const { status, body } = await commit([
      header({ summary: "first", description: "why" }),
      file("README.md", "# hello\n"),
      file("deep/er/x.dat", binary),
      file("empty.txt", ""),
      file("sp ace/ünïcode.txt", "é"),
    ]);
    expect(status).toBe(200);
    expect(body).toMatchObject({ commitOid: git("rev-parse", "main").trim(), hookOutput: "" });
    expect(body.commitUrl).toBe(`http://localhost:80/ada/train/commit/${body.commitOid}`);
    git("fsck", "--strict", "--full");

    const clone = await mkdtemp(join(tmpdir(), "postern-clone-"));
    try {
      execFileSync("git", ["clone", "-q", hub.git.directoryOf(repo.repoId), clone], {
        env: { ...process.env, GIT_LFS_SKIP_SMUDGE: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
      });
      expect(await readFile(join(clone, "deep/er/x.dat"))).toEqual(binary);
      expect(await readFile(join(clone, "empty.txt"), "utf8")).toBe("");
      expect(await readFile(join(clone, "sp ace/ünïcode.txt"), "utf8")).toBe("é");
    } finally {
      await rm(clone, { recursive: true, force: true });
    }
    expect(git("log", "-1", "--format=%an|%s|%b").trim()).toBe("ada|first|why");
  });

  it("keeps what it does not touch", async () => {
    await commit([header(), file("a/one.txt", "1"), file("b/two.txt", "2")]);
    await commit([header(), file("a/three.txt", "3")]);
    expect(files()).toEqual([".gitattributes", "a/one.txt", "a/three.txt", "b/two.txt"]);
  });

  it("deletes first, so that deleting and adding a path leaves the file there", async () => {
    await commit([header(), file("a.txt", "old"), file("d/x.txt", "x"), file("d/y.txt", "y")]);
    const { status } = await commit([
      header(),
      file("a.txt", "new"),
      { key: "deletedFile", value: { path: "a.txt" } },
      { key: "deletedFolder", value: { path: "d/" } },
      file("d", "now a file"),
    ]);
    expect(status).toBe(200);
    expect(files()).toEqual([".gitattributes", "a.txt", "d"]);
    expect(git("show", "main:a.txt")).toBe("new");
  });

  it("renames with oldPath", async () => {
    await commit([header(), file("old.txt", "content")]);
    await commit([header(), { key: "file", value: { path: "new.txt", oldPath: "old.txt" } }]);
    expect(files()).toEqual([".gitattributes", "new.txt"]);
  });

  it("says that a file to delete does not exist in the words that clients look for", async () => {
    const { status, body, headers } = await commit([header(), { key: "deletedFile", value: { path: "nope" } }]);
    expect(status).toBe(404);
    expect(headers["x-error-code"]).toBe("EntryNotFound");
    expect(body.error).toContain("A file with this name doesn't exist");
  });

  it("refuses to replace a folder by a file and a file by a folder unasked", async () => {
    await commit([header(), file("d/x.txt", "x"), file("f", "f")]);
    expect((await commit([header(), file("d", "file")])).status).toBe(400);
    expect((await commit([header(), file("f/x", "file")])).status).toBe(400);
    expect(files()).toEqual([".gitattributes", "d/x.txt", "f"]);
  });

  it("refuses a stale parent with 412 and takes the current one, also in short", async () => {
    const first = (await commit([header(), file("a", "1")])).body.commitOid;
    const second = (await commit([header({ parentCommit: first }), file("a", "2")])).body.commitOid;
    const stale = await commit([header({ parentCommit: first }), file("a", "3")]);
    expect(stale.status).toBe(412);
    expect(stale.body.code).toBe("StaleParent");
    expect((await commit([header({ parentCommit: second.slice(0, 7) }), file("a", "4")])).status).toBe(200);
    expect(git("show", "main:a")).toBe("4");
  });

  it("loses none of twenty concurrent commits", async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        commit([header({ summary: `c${index}` }), file(`f${index}`, `${index}`)]),
      ),
    );
    expect(results.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(git("rev-list", "--count", "main").trim()).toBe("21");
    expect(files()).toHaveLength(21);
    expect(new Set(results.map(({ body }) => body.commitOid)).size).toBe(20);
    git("fsck", "--strict", "--full");
  });

  it("writes the audit entry before the branch moves, and moves nothing when that fails", async () => {
    const before = git("rev-parse", "main");
    hub.auditFails = true;
    expect((await commit([header(), file("a", "1")])).status).toBe(503);
    expect(git("rev-parse", "main")).toBe(before);
    hub.auditFails = false;
    const { body } = await commit([header(), file("a", "1")]);
    expect(hub.audited).toMatchObject([
      {
        event: "repo.commit",
        outcome: "allowed",
        resource: "models/ada/train",
        detail: { commit: body.commitOid, parent: before.trim(), ref: "refs/heads/main" },
      },
    ]);
  });

  it("answers RevisionNotFound for a branch that does not exist, and 400 for what is no branch", async () => {
    const missing = await commit([header(), file("a", "1")], { revision: "nope" });
    expect([missing.status, missing.headers["x-error-code"]]).toEqual([404, "RevisionNotFound"]);
    const tip = git("rev-parse", "main").trim();
    expect((await commit([header(), file("a", "1")], { revision: tip })).status).toBe(400);
    expect((await commit([header(), file("a", "1")], { revision: "x..y" })).status).toBe(400);
  });

  it("never commits to the branch when a pull request was asked for", async () => {
    const before = git("rev-parse", "main");
    expect((await commit([header(), file("a", "1")], { revision: "main?create_pr=1" })).status).toBe(200);
    expect(git("rev-parse", "main")).toBe(before);
  });

  it("leaves nothing in the way after a refused commit", async () => {
    await commit([header(), file("a", "1"), { key: "deletedFile", value: { path: "nope" } }]);
    const count = git("count-objects", "-v");
    expect(count).toContain("garbage: 0");
  });
});

describe("who may commit", () => {
  it("attributes a job's commit to [OIDC] with issuer, subject and run, whatever the message claims", async () => {
    hub.principals.set("hf_jwt_job", jobFor(repo));
    const forged = header({
      summary: "x\nOIDC-Issuer: https://evil",
      description: "text\n\nOIDC-Subject: somebody else",
    });
    const { status } = await commit([forged, file("a", "1")], { token: "hf_jwt_job" });
    expect(status).toBe(200);
    expect(git("log", "-1", "--format=%an").trim()).toBe("[OIDC]");
    const trailers = git("log", "-1", "--format=%(trailers:only,unfold)").trim().split("\n");
    expect(trailers).toEqual([
      "OIDC-Issuer: https://token.actions.githubusercontent.com",
      "OIDC-Subject: repo:acme/train:ref:refs/heads/main",
      "OIDC-Run: https://github.com/acme/train/actions/runs/1",
    ]);
    expect(git("log", "-1", "--format=%B").match(/^OIDC-/gm)).toHaveLength(3);
  });

  it("refuses strangers, other people, read-only jobs and jobs of another repo", async () => {
    const other = await hub.repo("ada/other");
    hub.principals.set("hf_jwt_read", jobFor(repo, "read"));
    hub.principals.set("hf_jwt_other", jobFor(other));
    for (const token of ["hf_bob", "hf_jwt_read", "hf_jwt_other"]) {
      expect((await commit([header(), file("a", "1")], { token })).status, token).toBe(403);
    }
    const anonymous = await hub.app.inject({ method: "POST", url: "/api/models/ada/train/commit/main", payload: "" });
    expect(anonymous.statusCode).toBe(401);
    expect(git("rev-list", "--count", "main").trim()).toBe("1");
  });
});

describe("LFS files in a commit", () => {
  const oid = "a".repeat(64);

  it("become three-line pointers with a rule in .gitattributes", async () => {
    hub.linked.set(`${repo.repoId} ${oid}`, 42);
    const { status } = await commit([
      header(),
      { key: "lfsFile", value: { path: "w/odd name.dat", algo: "sha256", oid } },
    ]);
    expect(status).toBe(200);
    expect(git("show", "main:w/odd name.dat")).toBe(
      `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 42\n`,
    );
    const attribute = execFileSync(
      "git",
      ["--git-dir", hub.git.directoryOf(repo.repoId), "show", "main:.gitattributes"],
      { encoding: "utf8" },
    );
    expect(attribute).toContain("w/odd[[:space:]]name.dat filter=lfs diff=lfs merge=lfs -text\n");
  });

  it("are refused unless their object was uploaded to this very repo, also as the text of a file", async () => {
    const other = await hub.repo("ada/other");
    hub.linked.set(`${other.repoId} ${oid}`, 42);
    const lfsFile = { key: "lfsFile", value: { path: "x.bin", algo: "sha256", oid, size: 42 } };
    expect(await commit([header(), lfsFile])).toMatchObject({ status: 400, body: { code: "ObjectMissing" } });
    const disguised = file("x.txt", formatLfsPointer({ oid, size: 42 }));
    expect(await commit([header(), disguised])).toMatchObject({ status: 400, body: { code: "ObjectMissing" } });
    hub.linked.set(`${repo.repoId} ${oid}`, 41);
    expect((await commit([header(), lfsFile])).status).toBe(400);
    expect(files()).toEqual([".gitattributes"]);
  });
});

describe("a commit body that is wrong", () => {
  it.each([
    ["no header", [file("a", "1")]],
    ["two headers", [header(), header()]],
    ["an unknown key", [header(), { key: "chmod", value: {} }]],
    ["a line that is no object", [header(), { key: "file", value: "x" }]],
    [
      "content that is no base64",
      [header(), { key: "file", value: { path: "a", content: "a$b=", encoding: "base64" } }],
    ],
    ["another encoding", [header(), { key: "file", value: { path: "a", content: "a", encoding: "gzip" } }]],
    ["a parent that is no hash", [header({ parentCommit: "main" })]],
  ])("is refused: %s", async (_, lines) => {
    expect((await commit(lines)).status).toBe(400);
  });

  it.each([
    "../x",
    "a/../../x",
    "/etc/passwd",
    "a//b",
    "a/",
    "./a",
    ".git/config",
    "a/.GIT/hooks/post-update",
    "a/.git./x",
    "a/.git /x",
    "git~1/config",
    ".g\u200cit/config",
    ".git::$INDEX_ALLOCATION/x",
    ".gitmodules",
    "a\\b",
    "a\u0000b",
    "a\nb",
    "a\u007fb",
    "\ud800",
  ])("refuses the path %j", async (path) => {
    expect((await commit([header(), file(path, "x")])).status).toBe(400);
    expect(files()).toEqual([".gitattributes"]);
  });

  it("refuses paths and parts that are too long", async () => {
    for (const path of [`${"d/".repeat(2100)}x`, "n".repeat(256)]) {
      expect((await commit([header(), file(path, "x")])).status).toBe(400);
    }
  });

  it("is refused with 413 when a line or the whole is too large", async () => {
    const { limits } = hub.deps;
    const lines = [header(), file("a", Buffer.alloc(limits.maxLineBytes))];
    expect((await commit(lines)).status).toBe(413);
  });
});

describe("over a real connection", () => {
  it("delivers a refusal although the client is still sending, and the next request works", async () => {
    const origin = await hub.listen();
    const url = `${origin}/api/models/ada/train/commit/main`;
    const headers = { authorization: "Bearer hf_ada", "content-type": "application/x-ndjson" };
    const late = [
      header(),
      file("../escape", "x"),
      ...Array.from({ length: 20 }, (_, n) => file(`f${n}`, randomBytes(1e6))),
    ];
    const refused = await fetch(url, {
      method: "POST",
      headers,
      body: late.map((line) => JSON.stringify(line)).join("\n"),
    });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: "BadRequest" });
    const lines = [header(), file("a", "1")].map((line) => JSON.stringify(line)).join("\n");
    const accepted = await fetch(url, { method: "POST", headers, body: lines });
    expect(await accepted.json()).toMatchObject({ commitUrl: expect.stringMatching(`^${origin}/ada/train/commit/`) });
  });

  it("makes no commit out of a body that breaks off", async () => {
    const origin = await hub.listen();
    const before = git("rev-parse", "main");
    const request = httpRequest(`${origin}/api/models/ada/train/commit/main`, {
      method: "POST",
      headers: { authorization: "Bearer hf_ada", "transfer-encoding": "chunked" },
    });
    request.on("error", () => {});
    await new Promise<void>((resolve) => {
      request.write(`${JSON.stringify(header())}\n${JSON.stringify(file("a", "1"))}\n`, () => resolve());
    });
    await vi.waitUntil(() => stagingFolders().length > 0);
    request.destroy();
    await vi.waitUntil(() => stagingFolders().length === 0);
    expect((await commit([header(), file("b", "2")])).status).toBe(200);
    expect(git("rev-parse", "main~1")).toBe(before);
  });
});
