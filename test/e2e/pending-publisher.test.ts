import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

let hub: RunningHub;
let ada: string;
let bob: string;

beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  bob = await hub.user("bob");
  await hub.call("POST", "/api/postern/v1/orgs", { token: hub.adminToken, body: { name: "acme", owner: "ada" } });
  await member("bob", "write");
});
afterAll(() => hub[Symbol.asyncDispose]());

function member(name: string, role: string): Promise<Answer> {
  return hub.call("PUT", `/api/postern/v1/orgs/acme/members/${name}`, { token: hub.adminToken, body: { role } });
}

function reserve(name: string, extra: Readonly<Record<string, unknown>> = {}, token = ada): Promise<Answer> {
  const issuer = hub.simulator.issuerUrl("github");
  return hub.publisher(
    `models/${name}`,
    { provider: "github", issuer, claims: GITHUB_CLAIMS, pending: true, ...extra },
    token,
  );
}

function create(path: string, token: string): Promise<Answer> {
  const [organization, name] = path.split("/");
  return hub.call("POST", "/api/repos/create", { token, body: { type: "model", organization, name } });
}

async function job(resource: string, claims: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return hub.exchange(await hub.simulator.issueToken("github", { audience: hub.url, claims }), resource);
}

async function events(resource: string): Promise<readonly string[]> {
  const { text } = await hub.call("GET", "/api/postern/v1/audit", { token: hub.adminToken });
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter((entry) => entry.resource === resource)
    .map((entry) => `${entry.event} ${entry.outcome}`);
}

describe("a pending publisher", () => {
  it("holds the name: others get 409, its publisher is listed with its end", async () => {
    const held = await reserve("acme/held", { expires_in_seconds: 3600 });
    expect(held).toMatchObject({ status: 201, json: { pending: true, expires_at: expect.stringMatching(/Z$/) } });
    const refused = await create("acme/held", bob);
    expect(refused).toMatchObject({ status: 409, json: { code: "Conflict" } });
    expect(refused.json.error).toContain("held by a pending publisher of ada");
    expect((await create("acme/HELD", bob)).status).toBe(409);
    const listed = await hub.call("GET", "/api/postern/v1/models/acme/held/publishers", { token: ada });
    expect(listed.json.publishers).toEqual([held.json]);
  });

  it("is invisible to whoever may not manage the name", async () => {
    const token = await hub.user("eve");
    const listed = await hub.call("GET", "/api/postern/v1/models/acme/held/publishers", { token });
    const missing = await hub.call("GET", "/api/postern/v1/models/acme/nothing/publishers", { token });
    expect([listed.status, listed.json.error]).toEqual([missing.status, missing.json.error]);
    expect(listed.status).toBe(404);
    expect((await hub.call("GET", "/api/models/acme/held", { token: bob })).status).toBe(404);
  });

  it("becomes the repo at the first exchange, with the grant and both entries", async () => {
    await reserve("acme/first", { visibility: "private" });
    const granted = await job("acme/first");
    expect(granted.status).toBe(200);
    const token = granted.json.access_token;
    const repo = await hub.call("GET", "/api/models/acme/first", { token });
    expect(repo).toMatchObject({ status: 200, json: { id: "acme/first", private: true } });
    expect(repo.json.siblings).toEqual([{ rfilename: ".gitattributes" }]);
    const body = [
      { key: "header", value: { summary: "first" } },
      { key: "file", value: { path: "a.txt", content: Buffer.from("a").toString("base64"), encoding: "base64" } },
    ];
    const commit = await hub.call("POST", "/api/models/acme/first/commit/main", {
      token,
      body: body.map((line) => JSON.stringify(line)).join("\n"),
      headers: { "content-type": "application/x-ndjson" },
    });
    expect(commit.status).toBe(200);
    expect(await events("models/acme/first")).toEqual([
      "publisher.add allowed",
      "token.exchange allowed",
      "repo.create allowed",
      "repo.commit allowed",
    ]);
    const listed = await hub.call("GET", "/api/postern/v1/models/acme/first/publishers", { token: ada });
    expect(listed.json.publishers).toMatchObject([{ last_used_at: expect.any(String) }]);
    expect(listed.json.publishers[0].pending).toBeUndefined();
    expect((await job("acme/first")).status).toBe(200);
  });

  it("takes its project's new name in the same commit, and waits where the project was transferred", async () => {
    await reserve("acme/renamed");
    const ids = { repository_id: "456789", repository_owner_id: "123456" };
    expect((await job("acme/renamed", { repository: "acme/train-2", ...ids })).status).toBe(200);
    expect(await events("models/acme/renamed")).toEqual([
      "publisher.add allowed",
      "publisher.renamed allowed",
      "token.exchange allowed",
      "repo.create allowed",
    ]);
    await reserve("acme/transferred");
    const moved = { repository: "acme/train", repository_id: "456789", repository_owner_id: "777" };
    expect((await job("acme/transferred", moved)).json.code).toBe("TP1912");
    expect((await job("acme/transferred")).json.code).toBe("TP1912");
    expect((await hub.call("GET", "/api/models/acme/transferred", { token: ada })).status).toBe(404);
    expect(unsettled()).toEqual([]);
  });

  it("makes nothing for a job that does not match, nor for a token that was used", async () => {
    await reserve("acme/strict");
    expect((await job("acme/strict", { ref: "refs/heads/dev" })).json.code).toBe("TP1803");
    await reserve("acme/other");
    const token = await hub.simulator.issueToken("github", { audience: hub.url });
    expect((await hub.exchange(token, "acme/other")).status).toBe(200);
    expect((await hub.exchange(token, "acme/strict")).json.code).toBe("TP1601");
    expect((await hub.call("GET", "/api/models/acme/strict", { token: ada })).status).toBe(404);
    expect(unsettled()).toEqual([]);
    expect((await job("acme/strict")).status).toBe(200);
  });

  it("waits while the hub is in read-only mode", async () => {
    await reserve("acme/frozen");
    const writes = (on: boolean) =>
      hub.call("PATCH", "/api/postern/v1/switches/writes", { token: hub.adminToken, body: { on } });
    expect((await writes(false)).status).toBe(200);
    expect(await job("acme/frozen")).toMatchObject({ status: 503, json: { code: "TP1922" } });
    expect(unsettled()).toEqual([]);
    expect((await writes(true)).status).toBe(200);
    expect((await job("acme/frozen")).status).toBe(200);
  });

  it("gives each of many jobs at once its grant, and makes one repo", async () => {
    await reserve("acme/matrix");
    const answers = await Promise.all(Array.from({ length: 6 }, () => job("acme/matrix")));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    const all = await events("models/acme/matrix");
    expect(all.filter((event) => event === "repo.create allowed")).toHaveLength(1);
    expect(all.filter((event) => event === "token.exchange allowed")).toHaveLength(6);
  });

  it("is adopted by the repo that its holder makes by hand", async () => {
    await reserve("acme/hand");
    const made = await create("acme/hand", ada);
    expect(made.status).toBe(200);
    expect((await job("acme/hand")).status).toBe(200);
  });

  it("survives the holder and a job racing for it", async () => {
    await reserve("acme/race");
    const [byHand, byJob] = await Promise.all([create("acme/race", ada), job("acme/race")]);
    expect([200, 409]).toContain(byHand.status);
    expect(byJob.status).toBe(200);
    const info = await hub.call("GET", "/api/models/acme/race", { token: byJob.json.access_token });
    expect(info).toMatchObject({ status: 200, json: { siblings: [{ rfilename: ".gitattributes" }] } });
  });

  it("goes to one of two who ask at the same moment", async () => {
    await member("bob", "admin");
    const answers = await Promise.all([reserve("acme/both", {}, ada), reserve("acme/both", {}, bob)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    await member("bob", "write");
    const [held, made] = await Promise.all([reserve("acme/mixed", {}, ada), create("acme/mixed", bob)]);
    expect([
      [201, 409],
      [409, 200],
    ]).toContainEqual([held.status, made.status]);
  });

  it("lets go of the name when its last publisher is removed", async () => {
    const held = await reserve("acme/dropped");
    const path = `/api/postern/v1/models/acme/dropped/publishers/${held.json.id}`;
    expect((await hub.call("DELETE", path, { token: ada })).status).toBe(204);
    expect(await events("models/acme/dropped")).toEqual([
      "publisher.add allowed",
      "publisher.remove allowed",
      "name.release allowed",
    ]);
    expect((await create("acme/dropped", bob)).status).toBe(200);
  });

  it.each<[string, string, Readonly<Record<string, unknown>>, number]>([
    ["a repo that exists", "acme/dropped", {}, 409],
    ["a namespace that does not", "nobody/x", {}, 403],
    ["less than an hour", "acme/v1", { expires_in_seconds: 3599 }, 422],
    ["more than 90 days", "acme/v2", { expires_in_seconds: 90 * 86_400 + 1 }, 422],
    ["a word for pending", "acme/v3", { pending: "yes" }, 422],
    ["an end without pending", "acme/v4", { pending: false, expires_in_seconds: 3600 }, 422],
    ["claims that prove nothing", "acme/v5", { claims: { branch: "main" } }, 422],
  ])("refuses %s", async (_what, name, extra, status) => {
    expect((await reserve(name, extra)).status).toBe(status);
  });

  it("is no way around roles: a member without admin, a read-only token and a job's token are refused", async () => {
    expect((await reserve("acme/nope", {}, bob)).status).toBe(403);
    const reader = await hub.user("reader", "read");
    expect((await reserve("reader/nope", {}, reader)).status).toBe(403);
    const token = (await job("acme/first")).json.access_token;
    expect((await reserve("acme/nope", {}, token)).status).toBe(403);
    expect((await create("acme/nope", ada)).status).toBe(200);
  });

  it("is limited to 20 names an account", async () => {
    const carol = await hub.user("carol");
    for (let index = 0; index < 20; index += 1) {
      expect((await reserve(`carol/m${index}`, {}, carol)).status).toBe(201);
    }
    expect((await reserve("carol/m20", {}, carol)).json.code).toBe("conflict");
    expect((await job("carol/m0")).status).toBe(200);
    expect((await reserve("carol/m20", {}, carol)).status).toBe(201);
  });
});

function unsettled(): readonly string[] {
  const folder = join(hub.dataDir, "repos", "tmp");
  return existsSync(folder) ? readdirSync(folder) : [];
}
