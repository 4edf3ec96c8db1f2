import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commitToBranch } from "../commits/commit-to-branch.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { HubHarness, person } from "./hub-harness.contract.ts";

const LFS_OID = "b".repeat(64);

let hub: HubHarness;
let repo: StoredRepo;
let tip: string;

async function commit(summary: string, ...lines: readonly object[]): Promise<string> {
  const body = [{ key: "header", value: { summary } }, ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
  return await commitToBranch(hub.deps, {
    repo,
    principal: person("ada"),
    ref: "refs/heads/main",
    body: (async function* () {
      yield Buffer.from(body);
    })(),
    requestId: "setup",
    sourceAddress: undefined,
  });
}

const file = (path: string, content: string) => ({ key: "file", value: { path, content, encoding: "utf-8" } });

async function get(url: string, token?: string) {
  const response = await hub.app.inject({
    url,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  return { status: response.statusCode, body: response.json(), headers: response.headers };
}

async function post(path: string, payload: object | string, headers: Record<string, string> = {}) {
  const response = await hub.app.inject({
    method: "POST",
    url: `/api/models/ada/train/${path}`,
    headers: { authorization: "Bearer hf_ada", ...headers },
    payload,
  });
  return { status: response.statusCode, body: response.json(), headers: response.headers };
}

async function remove(path: string) {
  const url = `/api/models/ada/train/${path}`;
  const response = await hub.app.inject({ method: "DELETE", url, headers: { authorization: "Bearer hf_ada" } });
  return { status: response.statusCode, headers: response.headers };
}

/** Follows `Link` as clients do. */
async function allPages(url: string): Promise<{ pages: number; items: Record<string, unknown>[] }> {
  const items: Record<string, unknown>[] = [];
  let pages = 0;
  let next: string | undefined = url;
  while (next !== undefined) {
    const { body, headers, status } = await get(next);
    expect(status).toBe(200);
    items.push(...body);
    pages += 1;
    next = /^<http:\/\/localhost:80(\/[^>]+)>; rel="next"$/.exec(String(headers.link ?? ""))?.[1];
  }
  return { pages, items };
}

beforeAll(async () => {
  hub = await HubHarness.start();
  repo = await hub.repo("ada/train");
  hub.linked.set(`${repo.repoId} ${LFS_OID}`, 5_000_000_000);
  const card = "---\nlicense: mit\ntags: [a, b]\npipeline_tag: text-generation\n---\n# Hi\n";
  await commit("card", file("README.md", card), file("empty", ""));
  const names = ["x/1", "x/a/2", "x/a.txt", "x/a/b/3", "x/a0", "y"];
  await commit("files", ...names.map((name) => file(name, name)));
  await commit("weights", { key: "lfsFile", value: { path: "model.bin", algo: "sha256", oid: LFS_OID } });
  tip = await commit("touch y", file("y", "changed"));
});

afterAll(async () => {
  await hub[Symbol.asyncDispose]();
});

describe("repo info", () => {
  it("has what clients need, and ignores parameters that nobody knows", async () => {
    const { body } = await get("/api/models/ada/train?expand=likes&expand[]=downloads&securityStatus=true&future=1");
    expect(body).toMatchObject({
      id: "ada/train",
      _id: repo.repoId,
      sha: tip,
      private: false,
      gated: false,
      likes: 0,
      pipeline_tag: "text-generation",
      cardData: { license: "mit" },
      tags: expect.arrayContaining(["a", "b", "license:mit", "text-generation"]),
    });
    expect(body.siblings).toContainEqual({ rfilename: "x/a/b/3" });
    expect(body.siblings).toHaveLength(10);
  });

  it("names blobs with `sha256` for LFS files", async () => {
    const { body } = await get("/api/models/ada/train/revision/HEAD?blobs=true");
    expect(body.siblings).toContainEqual({
      rfilename: "model.bin",
      size: 5_000_000_000,
      blobId: expect.stringMatching(/^[0-9a-f]{40}$/),
      lfs: { sha256: LFS_OID, size: 5_000_000_000, pointerSize: 135 },
    });
  });

  it.each(["main", "HEAD", "refs%2Fheads%2Fmain", "refs/heads/main"])("takes the revision %s", async (revision) => {
    expect((await get(`/api/models/ada/train/revision/${revision}`)).body.sha).toBe(tip);
  });

  it.each(["nope", "main~1", "main^{tree}", "main@{0}", "-h", "x-gdeadbeef", "refs/heads/nope", "a".repeat(40)])(
    "answers RevisionNotFound for %s",
    async (revision) => {
      const { status, headers } = await get(`/api/models/ada/train/revision/${revision}`);
      expect([status, headers["x-error-code"]]).toEqual([404, "RevisionNotFound"]);
    },
  );
});

describe("tree", () => {
  it("lists one folder, an LFS file by its real size", async () => {
    const { body, headers } = await get("/api/models/ada/train/tree/main");
    expect(headers["x-repo-commit"]).toBe(tip);
    expect(body.map(({ path }: { path: string }) => path)).toEqual([
      ".gitattributes",
      "README.md",
      "empty",
      "model.bin",
      "x",
      "y",
    ]);
    expect(body[3]).toMatchObject({
      size: 5_000_000_000,
      lfs: { oid: LFS_OID, size: 5_000_000_000, pointerSize: 135 },
    });
    expect(body[4]).toMatchObject({ type: "directory", size: 0 });
    expect(body[2]).toMatchObject({ type: "file", size: 0, oid: "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391" });
  });

  it.each([1, 2, 3, 1000])("gives the same recursive listing in pages of %d as git does", async (limit) => {
    const { items, pages } = await allPages(`/api/models/ada/train/tree/main?recursive=true&limit=${limit}`);
    const listed = execFileSync(
      "git",
      ["--git-dir", hub.git.directoryOf(repo.repoId), "ls-tree", "-r", "-t", "--name-only", "main"],
      { encoding: "utf8" },
    );
    expect(items.map(({ path }) => path)).toEqual(listed.trim().split("\n"));
    expect(pages).toBe(Math.ceil(items.length / limit));
  });

  it.each(["x/a", "x%2Fa"])("lists the sub-folder %s by commit id", async (path) => {
    const { items } = await allPages(`/api/models/ada/train/tree/${tip}/${path}?recursive=True&limit=1`);
    expect(items.map((item) => item.path)).toEqual(["x/a/2", "x/a/b", "x/a/b/3"]);
  });

  it("tells the last commit of each path when asked", async () => {
    const { body } = await get("/api/models/ada/train/tree/main?expand=true");
    const titles = body.map(({ path, lastCommit }: { path: string; lastCommit: { title: string } }) => [
      path,
      lastCommit.title,
    ]);
    expect(Object.fromEntries(titles)).toMatchObject({
      "README.md": "card",
      x: "files",
      y: "touch y",
      "model.bin": "weights",
    });
  });

  it("answers EntryNotFound for what is no folder, and 400 for a cursor of elsewhere", async () => {
    for (const path of ["nope", "y", "y/z"]) {
      const { status, headers } = await get(`/api/models/ada/train/tree/main/${path}`);
      expect([status, headers["x-error-code"], headers["x-repo-commit"]]).toEqual([404, "EntryNotFound", tip]);
    }
    const cursor = Buffer.from("zzz").toString("base64url");
    expect((await get(`/api/models/ada/train/tree/main?cursor=${cursor}`)).status).toBe(400);
    expect((await get("/api/models/ada/train/tree/main/..%2F..%2Fetc")).status).toBe(400);
    expect((await get("/api/models/ada/train/tree/main/%ff")).status).toBe(400);
  });
});

describe("paths-info", () => {
  it("takes ten thousand paths at once, with expand or without, and no more", async () => {
    const url = "/api/models/ada/train/paths-info/main";
    const ask = (count: number, expand: boolean) => {
      const paths = ["y", ...Array.from({ length: count - 1 }, (_, number) => `file-${number}.txt`)];
      return hub.app.inject({ method: "POST", url, payload: { paths, expand } });
    };
    expect((await ask(10_000, false)).json()).toMatchObject([{ path: "y" }]);
    expect((await ask(10_000, true)).json()).toMatchObject([{ path: "y", lastCommit: { id: tip } }]);
    expect((await ask(10_001, true)).statusCode).toBe(400);
  });

  const paths = ["y", "nope", "x/", "model.bin", "../x", "a//b"];

  it("answers a JSON list and a form alike, leaving out what does not exist", async () => {
    const json = await post("paths-info/main", { paths, expand: true });
    const form = new URLSearchParams([...paths.map((path) => ["paths", path]), ["expand", "True"]]).toString();
    const encoded = await post("paths-info/main", form, { "content-type": "application/x-www-form-urlencoded" });
    expect(encoded.body).toEqual(json.body);
    expect(json.body).toMatchObject([
      { path: "y", type: "file", lastCommit: { id: tip } },
      { path: "x", type: "directory" },
      { path: "model.bin", lfs: { oid: LFS_OID } },
    ]);
  });
});

describe("history", () => {
  it("is newest first, counted, in pages", async () => {
    const { items, pages } = await allPages("/api/models/ada/train/commits/main?limit=2");
    expect(items.map(({ title }) => title)).toEqual(["touch y", "weights", "files", "card", "initial commit"]);
    expect(pages).toBe(3);
    const { body, headers } = await get("/api/models/ada/train/commits/main?expand[]=formatted");
    expect(headers["x-total-count"]).toBe("5");
    expect(body[0]).toMatchObject({ id: tip, authors: [{ user: "ada" }], formatted: { title: "touch y" } });
  });
});

describe("preupload", () => {
  const ask = async (files: readonly object[], extra: object = {}) =>
    (await post("preupload/main", { files, ...extra })).body.files.map(
      ({ uploadMode, shouldIgnore, oid }: { uploadMode: string; shouldIgnore: boolean; oid: string | null }) => [
        uploadMode,
        shouldIgnore,
        oid,
      ],
    );

  it("decides by .gitattributes, size and content; compares by blob id or SHA-256", async () => {
    const zeros = Buffer.alloc(512).toString("base64");
    const answer = await ask([
      { path: "new.safetensors", size: 10, sample: "" },
      { path: "empty.safetensors", size: 0, sample: "" },
      { path: "big.txt", size: 10_000_000, sample: "" },
      { path: "small.png", size: 1000, sample: zeros },
      { path: "large.png", size: 900_000, sample: zeros },
      { path: "empty", size: 0, sample: "" },
      { path: "model.bin", size: 5_000_000_000, sample: "" },
    ]);
    expect(answer).toEqual([
      ["lfs", false, null],
      ["regular", false, null],
      ["lfs", false, null],
      ["regular", false, null],
      ["lfs", false, null],
      ["regular", false, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"],
      ["lfs", false, LFS_OID],
    ]);
  });

  it("takes the rules that come with the request", async () => {
    const files = [
      { path: "a.safetensors", size: 1, sample: "" },
      { path: "logs/a.txt", size: 1, sample: "" },
    ];
    expect(await ask(files, { gitAttributes: "*.txt filter=lfs\n", gitIgnore: "logs/\n" })).toEqual([
      ["regular", false, null],
      ["lfs", true, null],
    ]);
  });

  it("needs the right to write and an existing revision", async () => {
    const payload = { files: [] };
    const response = await hub.app.inject({
      method: "POST",
      url: "/api/models/ada/train/preupload/main",
      headers: { authorization: "Bearer hf_bob" },
      payload,
    });
    expect(response.statusCode).toBe(403);
    expect((await post("preupload/nope", payload)).headers["x-error-code"]).toBe("RevisionNotFound");
  });
});

describe("branches and tags", () => {
  it("are made, listed, used with raw slashes, and deleted, each with an audit entry", async () => {
    hub.audited.length = 0;
    expect((await post("branch/feature%2Fone", {})).status).toBe(200);
    expect((await post("branch/feature%2Fone", {})).status).toBe(409);
    expect((await post("branch/old", { startingPoint: `${tip}` })).status).toBe(200);
    expect((await post("tag/main", { tag: "v1" })).status).toBe(200);
    expect((await post("tag/main", { tag: "v2", message: "second" })).status).toBe(200);
    expect((await post("tag/nope", { tag: "v3" })).headers["x-error-code"]).toBe("RevisionNotFound");
    expect((await post("branch/feature", {})).status).toBe(409);

    const { body } = await get("/api/models/ada/train/refs?include_prs=1");
    expect(body).toEqual({
      branches: ["feature/one", "main", "old"].map((name) => ({ name, ref: `refs/heads/${name}`, targetCommit: tip })),
      tags: ["v1", "v2"].map((name) => ({ name, ref: `refs/tags/${name}`, targetCommit: tip })),
      converts: [],
      pullRequests: [],
    });
    for (const revision of ["feature/one/x/a", "feature%2Fone/x/a", "v2/x/a", "refs/heads/feature/one/x/a"]) {
      expect((await get(`/api/models/ada/train/tree/${revision}`)).body.length, revision).toBe(2);
    }

    expect((await remove("branch/feature/one")).status).toBe(200);
    expect((await remove("branch/old")).status).toBe(200);
    expect((await remove("branch/main")).status).toBe(400);
    expect((await remove("tag/v1")).status).toBe(200);
    expect((await remove("tag/v2")).status).toBe(200);
    expect((await remove("tag/v2")).headers["x-error-code"]).toBe("RevisionNotFound");
    expect(hub.audited.map(({ event }) => event)).toEqual([
      "branch.create",
      "branch.create",
      "tag.create",
      "tag.create",
      "branch.create",
      "branch.delete",
      "branch.delete",
      "tag.delete",
      "tag.delete",
    ]);
  });

  it.each(["a..b", "a b", "a~1", "x.lock", "HEAD", "a".repeat(40), "refs%2Fheads%2Fx", "%2Fx", "-x", "a%00b", "@"])(
    "refuses the branch name %s",
    async (name) => {
      expect((await post(`branch/${name}`, {})).status).toBe(400);
    },
  );
});

describe("validate-yaml", () => {
  const validate = async (content: string) => {
    const response = await hub.app.inject({ method: "POST", url: "/api/validate-yaml", payload: { content } });
    return { status: response.statusCode, body: response.json() };
  };

  it("answers JSON whatever it finds", async () => {
    expect(await validate("---\nlicense: mit\n---\n# x")).toEqual({ status: 200, body: { errors: [], warnings: [] } });
    expect((await validate("# no metadata")).status).toBe(200);
    const broken = await validate("---\na: [\n---\n");
    expect(broken.status).toBe(400);
    expect(broken.body.errors[0].message).toEqual(expect.any(String));
    expect((await validate("---\na: &x [1]\nb: *x\n---\n")).status).toBe(400);
  });
});
