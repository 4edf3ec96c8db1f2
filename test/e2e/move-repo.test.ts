import { readFileSync } from "node:fs";
import path from "node:path";
import { commit, downloadFile, listFiles, modelInfo } from "@huggingface/hub";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realGit, withToken } from "../clients/real-git.ts";
import { bareEnvironment, runCommand } from "../harness/run-command.ts";
import { type Answer, GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

let hub: RunningHub;
let ada: string;
let eve: string;
beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  eve = await hub.user("eve");
  for (const org of ["acme", "other"])
    await hub.call("POST", "/api/postern/v1/orgs", { token: hub.adminToken, body: { name: org } });
  for (const role of ["admin"]) await member("acme", "ada", role);
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

async function member(org: string, user: string, role: string): Promise<void> {
  const path = `/api/postern/v1/orgs/${org}/members/${user}`;
  const answer = await hub.call("PUT", path, { token: hub.adminToken, body: { role } });
  expect(answer.status, answer.text).toBeLessThan(300);
}

function move(fromRepo: string, toRepo: string, token: string | undefined = ada): Promise<Answer> {
  return hub.call("POST", "/api/repos/move", { token, body: { fromRepo, toRepo, type: "model" } });
}

async function publisher(repo: string): Promise<string> {
  const issuer = hub.simulator.issuerUrl("github");
  const added = await hub.publisher(`models/${repo}`, { provider: "github", issuer, claims: GITHUB_CLAIMS }, ada);
  expect(added.status, added.text).toBe(201);
  return added.json.id;
}

async function exchange(repo: string): Promise<Answer> {
  return hub.exchange(await hub.simulator.issueToken("github", { audience: hub.url }), repo);
}

describe("a repo that is renamed", () => {
  it("is reached by its old names in one step, until a new repo takes one", async () => {
    await hub.repo("ada/one", { token: ada });
    for (const [from, to] of [
      ["ada/one", "ada/two"],
      ["ada/two", "ada/three"],
    ] as const) {
      const moved = await move(from, to);
      expect([moved.status, moved.json.url], moved.text).toEqual([200, `${hub.url}/${to}`]);
    }
    for (const [old, present] of [
      ["/api/models/ada/one", "/api/models/ada/three"],
      ["/api/models/ADA/Two/tree/main?recursive=true", "/api/models/ada/three/tree/main?recursive=true"],
      ["/ada/one/resolve/main/a%20b.txt?download=true", "/ada/three/resolve/main/a%20b.txt?download=true"],
      ["/ada/two/raw/refs%2Fpr%2F1/x", "/ada/three/raw/refs%2Fpr%2F1/x"],
    ] as const) {
      const answer = await hub.call("GET", old);
      expect([answer.status, answer.headers.get("location")]).toEqual([307, present]);
    }
    const batch = await hub.call("POST", "/ada/one.git/info/lfs/objects/batch", { token: ada, body: {} });
    expect([batch.status, batch.headers.get("location")]).toEqual([307, "/ada/three.git/info/lfs/objects/batch"]);

    await hub.repo("ada/one", { token: ada });
    expect((await hub.call("GET", "/api/models/ada/one")).json.id).toBe("ada/one");
    expect((await hub.call("GET", "/api/models/ada/two")).status).toBe(307);
    expect((await hub.call("DELETE", "/api/repos/delete", { token: ada, body: { name: "three" } })).status).toBe(200);
    expect((await hub.call("GET", "/api/models/ada/two", { token: ada })).status).toBe(404);
  });

  it("may take its old name back, and change only its spelling", async () => {
    await hub.repo("ada/back", { token: ada });
    expect((await move("ada/back", "ada/forth")).status).toBe(200);
    expect((await move("ada/forth", "ada/back")).status).toBe(200);
    expect((await hub.call("GET", "/api/models/ada/back")).status).toBe(200);
    expect((await hub.call("GET", "/api/models/ada/forth")).headers.get("location")).toBe("/api/models/ada/back");
    expect((await move("ada/back", "ada/BACK")).status).toBe(200);
    expect((await hub.call("GET", "/api/models/ada/back")).json.id).toBe("ada/BACK");
  });

  it("keeps its files, LFS objects and publishers; tokens that name the old name end", async () => {
    await hub.repo("ada/kept", { token: ada });
    await publisher("ada/kept");
    const job = (await exchange("ada/kept")).json.access_token;
    await commit({
      hubUrl: hub.url,
      accessToken: ada,
      repo: "ada/kept",
      title: "files",
      operations: [
        { operation: "addOrUpdate", path: "small.txt", content: new Blob(["small"]) },
        { operation: "addOrUpdate", path: "big.safetensors", content: new Blob([new Uint8Array(11_000_000)]) },
      ],
    });
    expect((await hub.call("GET", "/api/models/ada/kept/auth-check/write", { token: job })).status).toBe(200);
    expect((await move("ada/kept", "ada/renamed")).status).toBe(200);

    // The unmodified JavaScript client finds everything under the old name.
    const client = { hubUrl: hub.url, accessToken: ada, repo: "ada/kept" };
    expect((await modelInfo({ hubUrl: hub.url, accessToken: ada, name: "ada/kept" })).name).toBe("ada/renamed");
    const paths: string[] = [];
    for await (const { path: name } of listFiles(client)) paths.push(name);
    expect(paths).toContain("small.txt");
    expect((await downloadFile({ ...client, path: "big.safetensors" }))?.size).toBe(11_000_000);
    await commit({ ...client, title: "by its old name", operations: [{ operation: "delete", path: "small.txt" }] });

    for (const name of ["ada/kept", "ada/renamed"]) {
      const status = (await hub.call("GET", `/api/models/${name}/auth-check/write`, { token: job })).status;
      expect(status, name).toBe(401);
    }
    const again = await exchange("ada/renamed");
    expect(again.status, again.text).toBe(200);
    const token = again.json.access_token;
    expect((await hub.call("GET", "/api/models/ada/renamed/auth-check/write", { token })).status).toBe(200);
    // An exchange for the old name is not helped along: a token is good for the repo that was asked for by name.
    expect((await exchange("ada/kept")).status).toBe(400);
  });
});

describe("a repo that is given to another namespace", () => {
  it("takes its publishers along switched off, and its new owner may switch them on", async () => {
    await hub.repo("ada/gift", { token: ada });
    const id = await publisher("ada/gift");
    const job = (await exchange("ada/gift")).json.access_token;
    expect((await move("ada/gift", "acme/gift")).status).toBe(200);

    expect((await hub.call("GET", "/api/models/acme/gift/auth-check/write", { token: job })).status).toBe(401);
    expect((await exchange("acme/gift")).status).toBe(400);
    const listed = await hub.call("GET", "/api/postern/v1/models/acme/gift/publishers", { token: ada });
    expect(listed.json.publishers).toMatchObject([{ id, enabled: false }]);
    const entries = await hub.call("GET", "/api/postern/v1/audit?limit=200", { token: hub.adminToken });
    expect(entries.text).toContain('"publishers_switched_off":1');

    const on = await hub.call("PATCH", `/api/postern/v1/models/acme/gift/publishers/${id}`, {
      token: ada,
      body: { enabled: true },
    });
    expect(on.status, on.text).toBeLessThan(300);
    expect((await exchange("acme/gift")).status).toBe(200);
    // Switched on again or not, the token from before the transfer stays dead, and so it does after a move back.
    expect((await move("acme/gift", "ada/gift")).status).toBe(200);
    expect((await hub.call("GET", "/api/models/ada/gift/auth-check/write", { token: job })).status).toBe(401);
  });

  it("needs the right to administer it and the right to create there", async () => {
    await hub.repo("ada/mine", { token: ada });
    expect((await move("ada/mine", "other/mine")).status).toBe(403);
    expect((await move("ada/mine", "eve/mine")).status).toBe(403);
    expect((await move("ada/mine", "eve/mine", eve)).status).toBe(403);
    expect((await move("ada/mine", "ada/stolen", eve)).status).toBe(403);
    // Without a token, not without the argument.
    const anonymous = await hub.call("POST", "/api/repos/move", {
      body: { fromRepo: "ada/mine", toRepo: "ada/x", type: "model" },
    });
    expect(anonymous.status).toBe(401);
    expect((await move("ada/mine", "nobody/mine", hub.adminToken)).status).toBe(404);
    expect((await move("ada/mine", "ada/bad--name")).status).toBe(400);
    await hub.repo("ada/taken", { token: ada });
    expect((await move("ada/mine", "ada/taken")).status).toBe(409);
    expect((await hub.call("GET", "/api/models/ada/mine")).status).toBe(200);
  });
});

describe("the old name of a private repo", () => {
  it("tells nobody who may not read it that there was one", async () => {
    await hub.repo("ada/quiet", { private: true, token: ada });
    await move("ada/quiet", "ada/quieter");
    for (const token of [undefined, eve]) {
      const [moved, missing] = await Promise.all(
        ["ada/quiet", "ada/absent"].map((name) => hub.call("GET", `/api/models/${name}`, { token })),
      );
      expect(moved?.status).toBe(token === undefined ? 401 : 404);
      expect(moved?.text.replace(/"request_id":"[^"]*"/, "")).toBe(missing?.text.replace(/"request_id":"[^"]*"/, ""));
      expect(moved?.headers.get("location")).toBeNull();
    }
    expect((await hub.call("GET", "/api/models/ada/quiet", { token: ada })).status).toBe(307);
  });
});

it("curl follows the redirect", async () => {
  using folder = temporaryFolder("moved");
  await hub.repo("ada/followed", { token: ada });
  await move("ada/followed", "ada/ahead");
  const url = `${hub.url}/ada/followed/resolve/main/.gitattributes`;
  const target = path.join(folder.path, "file");
  const options = { env: bareEnvironment(folder.path), cwd: folder.path };
  const finished = await runCommand("curl", ["-sSfL", "-o", target, url], options);
  expect(finished.code, finished.stderr).toBe(0);
  expect(readFileSync(target, "utf8")).toBe((await hub.call("GET", "/ada/ahead/raw/main/.gitattributes")).text);
});

it("git clones, fetches and pushes by the old name", async () => {
  using folder = temporaryFolder("moved-git");
  const git = realGit(folder.path);
  await hub.repo("ada/cloned", { token: ada });
  await git.ok(["clone", "-q", withToken(`${hub.url}/ada/cloned`, ada), "before"]);
  await move("ada/cloned", "ada/elsewhere");
  const cwd = "before";
  await git.ok(["commit", "-q", "--allow-empty", "-m", "after the move"], { cwd });
  await git.ok(["push", "-q", "origin", "main"], { cwd });
  const pushed = await git.ok(["rev-parse", "main"], { cwd });
  expect((await hub.call("GET", "/api/models/ada/elsewhere")).json.sha).toBe(pushed);
  await git.ok(["clone", "-q", withToken(`${hub.url}/ada/cloned.git`, ada), "after"]);
  expect(await git.ok(["rev-parse", "main"], { cwd: "after" })).toBe(pushed);
});
