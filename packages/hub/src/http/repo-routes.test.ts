import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HubHarness, jobFor, person, repoRef } from "./hub-harness.contract.ts";

let hub: HubHarness;

beforeEach(async () => {
  hub = await HubHarness.start();
});

afterEach(async () => {
  await hub[Symbol.asyncDispose]();
});

async function call(method: "GET" | "POST" | "PUT" | "DELETE", url: string, token?: string, payload?: object) {
  const response = await hub.app.inject({
    method,
    url,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: response.statusCode, body: response.json(), headers: response.headers };
}

const create = (token: string | undefined, payload: object) => call("POST", "/api/repos/create", token, payload);

describe("creating a repo", () => {
  it("gives it a first commit with LFS rules, a main branch and a sound git repo", async () => {
    const { status, body } = await create("hf_ada", { name: "train", organization: "ada", type: "dataset" });
    expect([status, body.url]).toEqual([200, "http://localhost:80/datasets/ada/train"]);
    const directory = hub.git.directoryOf(body.id);
    execFileSync("git", ["--git-dir", directory, "fsck", "--strict"], { stdio: "pipe" });
    const show = execFileSync("git", ["--git-dir", directory, "show", "HEAD:.gitattributes"], { encoding: "utf8" });
    expect(show).toContain("*.safetensors filter=lfs diff=lfs merge=lfs -text\n");
    expect(await readdir(join(hub.directory, "repos/tmp"))).toEqual([]);
    expect(hub.audited).toMatchObject([
      { event: "repo.create", outcome: "allowed", resource: "datasets/ada/train", detail: { repo_id: body.id } },
    ]);
  });

  it("takes the caller's namespace when none is named, and the boolean of older clients", async () => {
    await create("hf_ada", { name: "secret", organization: null, private: true });
    expect((await hub.catalogue.find(repoRef("ada/secret")))?.visibility).toBe("private");
  });

  it("answers 409 with the url when it exists, in any spelling, also to a job that holds a token for it", async () => {
    const repo = await hub.repo("ada/train");
    hub.principals.set("hf_jwt_job", jobFor(repo));
    for (const token of ["hf_ada", "hf_jwt_job"]) {
      const { status, body } = await create(token, { name: "Train", organization: "Ada" });
      expect([status, body.url]).toEqual([409, "http://localhost:80/ada/train"]);
    }
  });

  it("refuses jobs, read-only tokens, strangers and other people, who learn nothing about private repos", async () => {
    const hidden = await hub.repo("ada/hidden", "private");
    hub.principals.set("hf_jwt_job", jobFor(hidden));
    hub.principals.set("hf_read", person("ada", { tokenRole: "read" }));
    const missing = { name: "missing", organization: "ada" };
    expect((await create("hf_jwt_job", missing)).status).toBe(403);
    expect((await create("hf_read", missing)).status).toBe(403);
    expect((await create(undefined, missing)).status).toBe(401);
    const [seen, unseen] = [await create("hf_bob", { ...missing, name: "hidden" }), await create("hf_bob", missing)];
    expect(seen.status).toBe(403);
    expect(seen.body).toEqual(unseen.body);
    // Strangers leave no entry, or they could fill the log.
    expect(hub.audited.map(({ event, outcome }) => `${event} ${outcome}`)).toEqual(Array(4).fill("repo.create denied"));
  });

  it("creates one repo when ten calls race for the name", async () => {
    const results = await Promise.all(
      Array.from({ length: 10 }, () => create("hf_ada", { name: "x", organization: "ada" })),
    );
    expect(results.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
    expect(await readdir(join(hub.directory, "repos/tmp"))).toEqual([]);
  });

  it("makes nothing when the audit log cannot be written", async () => {
    hub.auditFails = true;
    expect((await create("hf_ada", { name: "x", organization: "ada" })).status).toBe(503);
    expect(await hub.catalogue.find(repoRef("ada/x"))).toBeUndefined();
    expect(await readdir(join(hub.directory, "repos/tmp"))).toEqual([]);
  });

  it.each(["..", "a--b", "a/b/c", "x.git", "-x", "x".repeat(97), ""])("refuses the name %j", async (name) => {
    expect((await create("hf_ada", { name, organization: "ada" })).status).toBe(400);
  });

  it("writes the files that the JavaScript client sends along, and the card of a space", async () => {
    const files = [{ path: "a/b.txt", content: Buffer.from("hi").toString("base64"), encoding: "base64" }];
    const { body } = await create("hf_ada", { name: "app", organization: "ada", type: "space", sdk: "gradio", files });
    const tree = await call("GET", "/api/spaces/ada/app/tree/main?recursive=true");
    expect(tree.body.map(({ path }: { path: string }) => path)).toEqual([
      ".gitattributes",
      "README.md",
      "a",
      "a/b.txt",
    ]);
    expect((await call("GET", "/api/spaces/ada/app")).body).toMatchObject({ _id: body.id, sdk: "gradio" });
  });
});

describe("deleting a repo", () => {
  it("removes it; a new one of the same name has another id and none of the history", async () => {
    const repo = await hub.repo("ada/train");
    expect((await call("DELETE", "/api/repos/delete", "hf_ada", { name: "train", organization: "ada" })).status).toBe(
      200,
    );
    expect(existsSync(hub.git.directoryOf(repo.repoId))).toBe(false);
    expect((await call("GET", "/api/models/ada/train", "hf_ada")).headers["x-error-code"]).toBe("RepoNotFound");
    expect((await hub.repo("ada/train")).repoId).not.toBe(repo.repoId);
  });

  it("is for admins: not for jobs, not for other people", async () => {
    const repo = await hub.repo("ada/train");
    hub.principals.set("hf_jwt_job", jobFor(repo));
    const named = { name: "train", organization: "ada" };
    expect((await call("DELETE", "/api/repos/delete", "hf_jwt_job", named)).status).toBe(403);
    expect((await call("DELETE", "/api/repos/delete", "hf_bob", named)).status).toBe(403);
    expect((await call("DELETE", "/api/repos/delete", undefined, named)).status).toBe(401);
    expect((await call("DELETE", "/api/repos/delete", "hf_ada", { ...named, name: "none" })).status).toBe(404);
    expect(existsSync(hub.git.directoryOf(repo.repoId))).toBe(true);
  });
});

describe("private repos", () => {
  const reads = [
    "/api/models/ada/train",
    "/api/models/ada/train/revision/main",
    "/api/models/ada/train/tree/main",
    "/api/models/ada/train/refs",
    "/api/models/ada/train/commits/main",
    "/api/models/ada/train/auth-check",
    "/api/models/ada/train/auth-check/write",
    "/api/models/ada/train/xet-read-token/main",
  ];

  it.each(reads)("look like missing ones on %s", async (url) => {
    await hub.repo("ada/train", "private");
    for (const token of ["hf_bob", undefined]) {
      const hidden = await call("GET", url, token);
      const missing = await call("GET", url.replace("train", "none"), token);
      expect(hidden).toMatchObject({ status: token === undefined ? 401 : 404, body: missing.body });
      expect(hidden.headers["x-error-code"]).toBe("RepoNotFound");
      expect(hidden.headers["www-authenticate"]).toBe(token === undefined ? 'Basic realm="postern"' : undefined);
    }
  });

  it("are listed only to those who may see them", async () => {
    await hub.repo("ada/open");
    await hub.repo("ada/closed", "private");
    const names = async (token?: string) =>
      (await call("GET", "/api/models?author=ADA&nonsense=1", token)).body.map(({ id }: { id: string }) => id);
    expect(await names("hf_ada")).toEqual(["ada/closed", "ada/open"]);
    expect(await names("hf_bob")).toEqual(["ada/open"]);
    expect(await names()).toEqual(["ada/open"]);
    expect((await call("GET", "/api/models?search=clos", "hf_ada")).body).toHaveLength(1);
  });

  it("appear and disappear with the settings", async () => {
    await hub.repo("ada/train");
    const settings = (payload: object, token = "hf_ada") =>
      call("PUT", "/api/models/ada/train/settings", token, payload);
    expect((await settings({ visibility: "private" }, "hf_bob")).status).toBe(403);
    expect((await settings({ visibility: "private" })).body).toMatchObject({ private: true });
    expect((await call("GET", "/api/models/ada/train")).status).toBe(401);
    expect((await settings({ private: false })).body).toMatchObject({ private: false });
    expect((await call("GET", "/api/models/ada/train")).status).toBe(200);
    expect((await settings({ gated: "sometimes" })).status).toBe(400);
    expect(hub.audited.map(({ event, detail }) => [event, detail.visibility ?? detail.permission])).toEqual([
      ["repo.access", "admin"],
      ["repo.settings", "private"],
      ["repo.settings", "public"],
    ]);
  });
});

it("pages through the list with an absolute link", async () => {
  for (const name of ["a1", "a2", "a3", "b1", "a4"]) await hub.repo(`ada/${name}`);
  const seen: string[] = [];
  let url: string | undefined = "/api/models?search=ada/a&limit=2";
  while (url !== undefined) {
    const { body, headers } = await call("GET", url);
    seen.push(...body.map(({ id }: { id: string }) => id));
    url = /^<http:\/\/localhost:80(\/[^>]+)>; rel="next"$/.exec(String(headers.link ?? ""))?.[1];
  }
  expect(seen).toEqual(["ada/a4", "ada/a3", "ada/a2", "ada/a1"]);
});

it("tells clients with hf_xet what to do", async () => {
  await hub.repo("ada/train");
  const sent = await hub.app.inject({
    url: "/api/models/ada/train/xet-write-token/main",
    headers: { authorization: "Bearer hf_ada" },
  });
  expect(sent.statusCode).toBe(307);
  // The address is all that hf_xet prints.
  expect(sent.headers.location).toContain("set-HF_HUB_DISABLE_XET=1-and-try-again");
  const { status, headers } = await call("GET", String(sent.headers.location), "hf_ada");
  expect(status).toBe(404);
  expect(headers["x-error-message"]).toContain("HF_HUB_DISABLE_XET=1");
  expect(headers["x-error-code"]).toBeUndefined();
});

it("declares an audit event, or why there is none, on every changing route", async () => {
  const undeclared: string[] = [];
  await using other = await HubHarness.start();
  await other.app.close();
  const { default: Fastify } = await import("fastify");
  const app = Fastify();
  app.addHook("onRoute", ({ method, url, config }) => {
    for (const verb of [method].flat()) {
      if (!["GET", "HEAD", "OPTIONS"].includes(verb) && config?.audit === undefined) undeclared.push(`${verb} ${url}`);
    }
  });
  const { registerHubRoutes } = await import("./hub-routes.ts");
  registerHubRoutes(app, other.deps);
  await app.ready();
  await app.close();
  expect(undeclared).toEqual([]);
});
