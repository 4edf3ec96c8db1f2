import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { settleRepos } from "../repos/settle-repos.ts";
import { HubHarness, person, repoRef } from "./hub-harness.contract.ts";

const run = promisify(execFile);

let hub: HubHarness;
beforeAll(async () => {
  hub = await HubHarness.start();
  hub.principals.set("hf_reader", person("bob", { tokenRole: "read" }));
});
afterAll(async () => hub[Symbol.asyncDispose]());

function call(method: "GET" | "POST" | "DELETE", url: string, body?: object, token = "hf_ada") {
  const options: InjectOptions = { method, url, headers: { authorization: `Bearer ${token}` } };
  return hub.app.inject(body === undefined ? options : { ...options, payload: body });
}

async function commit(repo: string, files: Readonly<Record<string, string | undefined>>, branch = "main") {
  const lines = [
    { key: "header", value: { summary: `write ${Object.keys(files).join(" ")}` } },
    ...Object.entries(files).map(([path, content]) =>
      content === undefined
        ? { key: "deletedFile", value: { path } }
        : { key: "file", value: { path, content, encoding: "utf-8" } },
    ),
  ];
  const answer = await hub.app.inject({
    method: "POST",
    url: `/api/models/${repo}/commit/${branch}`,
    headers: { authorization: "Bearer hf_ada", "content-type": "application/x-ndjson" },
    payload: lines.map((line) => JSON.stringify(line)).join("\n"),
  });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json().commitOid as string;
}

async function linkObject(repoId: string, oid: string, size: number): Promise<void> {
  hub.database.run((db) => db.insertInto("lfs_links").values({ repo_id: repoId, oid, size }));
}

describe("a duplicate", () => {
  it("has the branches, tags, history and LFS objects of its source and shares no file with it", async () => {
    const source = await hub.repo("ada/source");
    await commit("ada/source", { "a.txt": "first" });
    const tip = await commit("ada/source", { "a.txt": "second" });
    await call("POST", "/api/models/ada/source/branch/dev", {});
    await call("POST", "/api/models/ada/source/tag/main", { tag: "v1", message: "one" });
    await linkObject(source.repoId, "a".repeat(64), 7);

    const made = await call("POST", "/api/models/ada/source/duplicate", { repository: "ada/copy" });
    expect(made.statusCode, made.body).toBe(200);
    expect(made.json()).toMatchObject({ url: "http://localhost:80/ada/copy", name: "ada/copy" });
    const copyId: string = made.json().id;
    const refs = (await call("GET", "/api/models/ada/copy/refs")).json();
    const names = (list: readonly { name: string; targetCommit: string }[]) => list.map(({ name }) => name).sort();
    expect([names(refs.branches), names(refs.tags)]).toEqual([["dev", "main"], ["v1"]]);
    expect((await call("GET", "/api/models/ada/copy/commits/main")).json()[0].id).toBe(tip);
    const links = hub.database.all((db) =>
      db.selectFrom("lfs_links").select(["oid", "size"]).where("repo_id", "=", copyId),
    );
    expect(links).toEqual([{ oid: "a".repeat(64), size: 7 }]);
    expect(hub.audited.at(-1)).toMatchObject({
      event: "repo.duplicate",
      outcome: "allowed",
      detail: { copy_of_id: source.repoId },
    });

    const directory = hub.git.directoryOf(copyId);
    const files = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      expect((await stat(join(file.parentPath, file.name))).nlink, file.name).toBe(1);
    }
    await expect(stat(join(directory, "objects/info/alternates"))).rejects.toThrow();
    await call("DELETE", "/api/repos/delete", { name: "source" });
    await run("git", ["--git-dir", directory, "fsck", "--full", "--strict"]);
    expect((await call("GET", "/api/models/ada/copy/tree/main")).json().length).toBe(2);
  });

  it("leaves behind what no branch or tag reaches", async () => {
    const source = await hub.repo("ada/regret");
    const secret = await commit("ada/regret", { "secret.txt": "s3cret" });
    await commit("ada/regret", { "secret.txt": undefined });
    expect((await call("POST", "/api/models/ada/regret/super-squash/main", { message: "clean" })).statusCode).toBe(200);
    await run("git", ["--git-dir", hub.git.directoryOf(source.repoId), "cat-file", "-e", secret]);
    const { id } = (await call("POST", "/api/models/ada/regret/duplicate", { repository: "ada/clean" })).json();
    await expect(run("git", ["--git-dir", hub.git.directoryOf(id), "cat-file", "-e", secret])).rejects.toThrow();
    expect((await call("GET", `/api/models/ada/clean/tree/${secret}`)).statusCode).toBe(404);
  });

  it("is as private as its source unless said otherwise, and keeps nobody's rights", async () => {
    await hub.repo("ada/hidden", "private");
    await call("POST", "/api/models/ada/hidden/duplicate", { repository: "ada/hidden-copy" });
    const stored = await hub.catalogue.find(repoRef("ada/hidden-copy"));
    expect(stored?.visibility).toBe("private");
    await call("POST", "/api/models/ada/hidden/duplicate", { repository: "open-copy", visibility: "public" });
    expect((await hub.catalogue.find(repoRef("ada/open-copy")))?.visibility).toBe("public");
  });

  it("is refused without the right to read the source or to create there, and for a taken name", async () => {
    await hub.repo("ada/origin");
    await hub.repo("ada/locked", "private");
    const duplicate = async (from: string, to: string, token: string) =>
      (await call("POST", `/api/models/${from}/duplicate`, { repository: to }, token)).statusCode;
    expect(await duplicate("ada/locked", "bob/mine", "hf_bob")).toBe(404);
    expect(await duplicate("ada/origin", "ada/planted", "hf_bob")).toBe(403);
    expect(await duplicate("ada/origin", "bob/mine", "hf_reader")).toBe(403);
    expect(await duplicate("ada/origin", "ada/bad--name", "hf_ada")).toBe(400);
    const taken = await call("POST", "/api/models/ada/origin/duplicate", { repository: "ada/origin" });
    expect([taken.statusCode, taken.json().url]).toEqual([409, "http://localhost:80/ada/origin"]);
  });

  it("is nothing at all when it cannot be written down", async () => {
    await hub.repo("ada/unsaid");
    hub.auditFails = true;
    const refused = await call("POST", "/api/models/ada/unsaid/duplicate", { repository: "ada/unsaid-copy" });
    hub.auditFails = false;
    expect(refused.statusCode).toBe(503);
    expect(await hub.catalogue.find(repoRef("ada/unsaid-copy"))).toBeUndefined();
    expect(await hub.git.unsettled()).toEqual([]);
  });

  it("that a crash cut off is cleared away at the next start", async () => {
    const source = await hub.repo("ada/crashed");
    await hub.git.copy("f".repeat(24), source.repoId);
    expect(await hub.git.unsettled()).toEqual(["f".repeat(24)]);
    await settleRepos(hub.catalogue, hub.git);
    await expect(stat(hub.git.directoryOf("f".repeat(24)))).rejects.toThrow();
  });
});

describe("super-squash", () => {
  it("leaves one commit with the same files, and only on that branch", async () => {
    await hub.repo("ada/squashed");
    await commit("ada/squashed", { "a.txt": "1" });
    const before = await commit("ada/squashed", { "b/c.txt": "2" });
    await call("POST", "/api/models/ada/squashed/branch/keep", {});
    const files = (await call("GET", "/api/models/ada/squashed/tree/main?recursive=true")).json();
    const answer = await call("POST", "/api/models/ada/squashed/super-squash/main", { message: "all in one" });
    expect(answer.statusCode, answer.body).toBe(200);
    const log = await call("GET", "/api/models/ada/squashed/commits/main");
    expect([log.headers["x-total-count"], log.json()[0].title]).toEqual(["1", "all in one"]);
    expect((await call("GET", "/api/models/ada/squashed/tree/main?recursive=true")).json()).toEqual(files);
    expect((await call("GET", "/api/models/ada/squashed/commits/keep")).json()[0].id).toBe(before);
    expect(hub.audited.at(-1)).toMatchObject({
      event: "branch.squash",
      detail: { ref: "refs/heads/main", from: before },
    });
  });

  it("needs the write role and an existing branch", async () => {
    await hub.repo("ada/square");
    const squash = async (branch: string, token: string) =>
      (await call("POST", `/api/models/ada/square/super-squash/${branch}`, { message: "x" }, token)).statusCode;
    expect([await squash("main", "hf_bob"), await squash("nope", "hf_ada")]).toEqual([403, 404]);
  });
});

describe("the LFS files of a repo", () => {
  it("are listed in pages with a path from any branch, and end when they are deleted", async () => {
    const stored = await hub.repo("ada/large");
    const objects = ["1", "2", "3"].map((digit, index) => ({ oid: digit.repeat(64), size: 100 + index }));
    for (const { oid, size } of objects) {
      await linkObject(stored.repoId, oid, size);
      hub.linked.set(`${stored.repoId} ${oid}`, size);
    }
    const pointer = (index: number) =>
      `version https://git-lfs.github.com/spec/v1\noid sha256:${objects[index]?.oid}\nsize ${objects[index]?.size}\n`;
    await commit("ada/large", { "deep/er/one.bin": pointer(0) });
    await commit("ada/large", { "two.bin": pointer(1) });
    await commit("ada/large", { "two.bin": undefined });

    const first = await call("GET", "/api/models/ada/large/lfs-files?limit=2");
    expect(first.json()).toMatchObject([
      { fileOid: "1".repeat(64), oid: "1".repeat(64), filename: "deep/er/one.bin", size: 100, ref: null },
      { filename: "two.bin", size: 101 },
    ]);
    const next = /<http:\/\/localhost:80([^>]+)>; rel="next"/.exec(String(first.headers.link))?.[1] ?? "";
    expect((await call("GET", next)).json()).toMatchObject([{ filename: "", size: 102 }]);
    expect((await call("GET", "/api/models/ada/large/lfs-files", undefined, "hf_bob")).statusCode).toBe(403);

    const url = "/api/models/ada/large/lfs-files/batch";
    const deletions = { sha: ["1".repeat(64), "9".repeat(64)], rewriteHistory: true };
    expect((await call("POST", url, { deletions }, "hf_bob")).statusCode).toBe(403);
    expect((await call("POST", url, { deletions: { sha: ["x"] } })).statusCode).toBe(400);
    const deleted = await call("POST", url, { deletions });
    expect([deleted.statusCode, deleted.json()]).toEqual([200, { deleted: 1 }]);
    expect(deleted.headers["x-hf-warning"]).toContain("commits keep their ids");
    expect((await call("GET", "/api/models/ada/large/lfs-files")).json()).toHaveLength(2);
    expect(hub.audited.at(-1)).toMatchObject({ event: "lfs.delete", detail: { repo_id: stored.repoId } });
  });
});

describe("the last commit of an entry", () => {
  it("is the one that git log names, for files and folders, whatever they are called", async () => {
    const stored = await hub.repo("ada/dated");
    await commit("ada/dated", { "a.txt": "1", "folder/x.txt": "1", "postern-commit": "1", ":odd": "1" });
    await commit("ada/dated", { "folder/deep/y.txt": "1", "ünï [1]*.txt": "1" });
    await commit("ada/dated", { "a.txt": "2" });
    await commit("ada/dated", { "postern-commit": "2", "folder/x.txt": undefined });
    await commit("ada/dated", { "folder/deep/z.txt": "1" });
    const directory = hub.git.directoryOf(stored.repoId);
    for (const query of ["?expand=true", "?expand=true&recursive=true", "/folder?expand=true"]) {
      const entries: { path: string; lastCommit: { id: string } }[] = (
        await call("GET", `/api/models/ada/dated/tree/main${query}`)
      ).json();
      expect(entries.length).toBeGreaterThan(0);
      for (const { path, lastCommit } of entries) {
        const args = ["--git-dir", directory, "--literal-pathspecs", "log", "-1", "--format=%H", "main", "--", path];
        expect(lastCommit.id, path).toBe((await run("git", args)).stdout.trim());
      }
    }
  });
});
