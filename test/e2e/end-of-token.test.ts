import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { startServer } from "@postern/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { posternCommand, runCommand } from "../harness/run-command.ts";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const API = "/api/postern/v1";
const REPO = "acme/secret";

let hub: RunningHub;
let publisherId: string;

beforeAll(async () => {
  hub = await startHub();
  await hub.user("acme");
  await hub.repo(REPO, { private: true });
  const claims = { provider: "github", issuer: hub.simulator.issuerUrl("github"), claims: GITHUB_CLAIMS };
  publisherId = (await hub.publisher(`models/${REPO}`, claims)).json.id;
  expect((await commit(await exchanged())).status).toBe(200);
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

async function exchanged(): Promise<string> {
  const answer = await exchange();
  expect(answer.status, answer.text).toBe(200);
  return answer.json.access_token;
}

async function exchange() {
  return hub.exchange(await hub.simulator.issueToken("github", { audience: hub.url }), REPO);
}

function commit(token: string) {
  const content = Buffer.from(`${Math.random()}\n`).toString("base64");
  const lines = [
    { key: "header", value: { summary: "Add a file" } },
    { key: "file", value: { path: "hello.txt", content, encoding: "base64" } },
  ];
  return hub.call("POST", `/api/models/${REPO}/commit/main`, {
    token,
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
    headers: { "content-type": "application/x-ndjson" },
  });
}

function batch(token: string, operation: "upload" | "download", bytes: Buffer) {
  const oid = createHash("sha256").update(bytes).digest("hex");
  return hub.call("POST", `/${REPO}.git/info/lfs/objects/batch`, {
    token,
    body: { operation, transfers: ["basic"], hash_algo: "sha256", objects: [{ oid, size: bytes.length }] },
    headers: { "content-type": "application/vnd.git-lfs+json" },
  });
}

/** Every way on which a token reaches the hub; the signed URL was handed out while the token was good. */
async function ways(token: string): Promise<Readonly<Record<string, () => Promise<number>>>> {
  const bytes = randomBytes(64);
  const offered = await batch(token, "upload", bytes);
  const href: unknown = offered.json.objects?.[0]?.actions?.upload?.href;
  if (typeof href !== "string") throw new Error(`no upload URL: ${offered.text}`);
  const status = async (answer: Promise<{ readonly status: number }>): Promise<number> => (await answer).status;
  return {
    whoami: () => status(hub.call("GET", "/api/whoami-v2", { token })),
    "repo info": () => status(hub.call("GET", `/api/models/${REPO}`, { token })),
    resolve: () => status(hub.call("GET", `/${REPO}/resolve/main/hello.txt`, { token })),
    "commit through the API": () => status(commit(token)),
    "LFS batch": () => status(batch(token, "download", bytes)),
    "signed upload URL": () => status(fetch(href, { method: "PUT", body: bytes })),
  };
}

async function statuses(all: Readonly<Record<string, () => Promise<number>>>): Promise<Record<string, number>> {
  const entries = Object.entries(all).map(async ([name, send]) => [name, await send()] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function expectRefused(answers: Readonly<Record<string, number>>): void {
  // A signed URL is no login: 403 says that the link is dead.
  for (const [way, status] of Object.entries(answers)) expect([401, 403], way).toContain(status);
}

describe("a token that was ended", () => {
  it.each<[string, (token: string) => Promise<unknown>, (() => Promise<unknown>) | undefined]>([
    [
      "by its holder",
      (token) => hub.call("POST", "/oauth/revoke", { body: new URLSearchParams({ token }) }),
      undefined,
    ],
    [
      "with all tokens of its publisher",
      () =>
        hub.call("POST", `${API}/models/${REPO}/publishers/${publisherId}/revoke-tokens`, { token: hub.adminToken }),
      undefined,
    ],
    ["by locking the namespace's user", () => lockAcme(true), () => lockAcme(false)],
  ])("%s is refused by the very next request on every way", async (_how, end, undo) => {
    const token = await exchanged();
    const before = await statuses(await ways(token));
    for (const [way, status] of Object.entries(before)) expect(status, way).toBeLessThan(400);
    const open = await ways(token);
    await end(token);
    expectRefused(await statuses(open));
    await undo?.();
    expect((await exchange()).status).toBe(200);
  });

  it("stays refused after a restart, and living tokens live on", async () => {
    const [ended, swept] = [await exchanged(), await exchanged()];
    const [endedWays, sweptWays] = [await ways(ended), await ways(swept)];
    const sweep = `${API}/models/${REPO}/publishers/${publisherId}/revoke-tokens`;
    expect((await hub.call("POST", sweep, { token: hub.adminToken })).status).toBe(204);
    const living = await exchanged();
    const livingWays = await ways(living);
    await hub.call("POST", "/oauth/revoke", { body: new URLSearchParams({ token: ended }) });
    await restart();
    expectRefused(await statuses(endedWays));
    expectRefused(await statuses(sweptWays));
    for (const [way, status] of Object.entries(await statuses(livingWays))) expect(status, way).toBeLessThan(400);
  });
});

describe("kill switches", () => {
  it("exchange: no job gets a token, tokens that exist live on", async () => {
    const token = await exchanged();
    await flip("exchange", false, "incident 4711");
    const refused = await exchange();
    expect([refused.status, refused.json.error, refused.json.code]).toEqual([503, "temporarily_unavailable", "TP1907"]);
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(refused.headers.get("x-error-message")).toContain("incident 4711");
    expect((await commit(token)).status).toBe(200);
    await restart();
    expect((await exchange()).json.code).toBe("TP1907");
    await flip("exchange", true);
    expect((await exchange()).status).toBe(200);
    expect((await hub.call("GET", "/errors/TP1907")).status).toBe(200);
  });

  it("writes: every changing route of the hub is refused with the reason, reading goes on", async () => {
    const token = await exchanged();
    const open = await ways(token);
    await flip("writes", false, "moving to new disks");
    const refused = await commit(token);
    expect(refused.status).toBe(403);
    expect(refused.headers.get("x-error-message")).toBe(
      "This hub is in read-only mode: nothing can be changed for now. The reason: moving to new disks",
    );
    const answers = await statuses(open);
    expect(answers).toMatchObject({
      whoami: 200,
      resolve: 200,
      "commit through the API": 403,
      "signed upload URL": 403,
    });
    await restart();
    const hubRoutes = hub.server.changingRoutes.filter(
      ({ path: route, audit }) => "event" in audit && !route.startsWith(API) && !route.startsWith("/oauth"),
    );
    expect(hubRoutes.length).toBeGreaterThan(20);
    for (const { method, path: route } of hubRoutes) {
      if (method !== "POST" && method !== "PUT" && method !== "DELETE") continue;
      if (route === "/api/credentials/revoke") continue;
      const answer = await hub.call(method, route.replaceAll(/:\w+/g, "x").replace("*", "x"), {
        token: hub.adminToken,
      });
      expect(answer.headers.get("x-error-message"), `${method} ${route}`).toContain("read-only mode");
    }
    await flip("writes", true);
    expect((await commit(token)).status).toBe(200);
  });

  it("an issuer: its tokens are refused with a code of their own, and the board shows it", async () => {
    const { issuers } = (await hub.call("GET", `${API}/issuers`, { token: hub.adminToken })).json;
    const { id, url } = issuers.find((issuer: { url: string }) => issuer.url === hub.simulator.issuerUrl("github"));
    const change = (enabled: boolean) =>
      hub.call("PATCH", `${API}/issuers/${id}`, { token: hub.adminToken, body: { enabled } });
    expect((await change(false)).json.enabled).toBe(false);
    expect((await exchange()).json).toMatchObject({ error: "invalid_grant", code: "TP1202" });
    const board = await hub.call("GET", `${API}/switches`, { token: hub.adminToken });
    expect(board.json.issuers_off).toEqual([{ id, url }]);
    await change(true);
    expect((await exchange()).status).toBe(200);
    expect((await hub.call("GET", "/errors/TP1202")).status).toBe(200);
  });

  it("a publisher that is off is on the board too", async () => {
    const target = `${API}/models/${REPO}/publishers/${publisherId}`;
    await hub.call("PATCH", target, { token: hub.adminToken, body: { enabled: false } });
    const board = await hub.call("GET", `${API}/switches`, { token: hub.adminToken });
    expect(board.json.publishers_off).toEqual([{ id: publisherId, resource: `models/${REPO}` }]);
    await hub.call("PATCH", target, { token: hub.adminToken, body: { enabled: true } });
  });
});

describe("postern upload --revoke-on-exit", () => {
  it.each([
    ["a success", "model", 0],
    ["a failure", "missing", 1],
  ])("ends the job's token after %s", async (_what, local, code) => {
    using folder = temporaryFolder("revoke");
    mkdirSync(path.join(folder.path, "model"));
    writeFileSync(path.join(folder.path, "model", "a.txt"), `${Math.random()}`);
    await using job = await hub.simulator.jobEnvironment("github", {
      parentEnv: process.env,
      audiences: [hub.url],
      env: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: REPO, NO_COLOR: "1" },
    });
    const [node, postern] = posternCommand;
    const words =
      local === "missing"
        ? ["download", REPO, "no-such-file", "--local-dir", folder.path]
        : ["upload", REPO, path.join(folder.path, local)];
    const done = await runCommand(node, [postern, ...words, "--revoke-on-exit"], { env: { ...job.variables } });
    expect(done.code, done.stderr).toBe(code);
    const jtis = await auditOf("token.exchange");
    const revoked = await auditOf("token.revoke");
    expect(revoked.at(-1)?.resource).toBe(`tokens/${JSON.parse(jtis.at(-1)?.detail ?? "{}").jti}`);
  });
});

async function auditOf(event: string): Promise<readonly { readonly resource: string; readonly detail: string }[]> {
  const { text } = await hub.call("GET", `${API}/audit`, { token: hub.adminToken });
  const entries = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return entries
    .filter((entry) => entry.event === event && entry.outcome === "allowed")
    .map(({ resource, detail }) => ({
      resource,
      detail: typeof detail === "string" ? detail : JSON.stringify(detail),
    }));
}

function lockAcme(locked: boolean) {
  return hub.call("PATCH", `${API}/users/acme`, { token: hub.adminToken, body: { locked } });
}

function flip(name: string, on: boolean, reason?: string) {
  return hub.call("PATCH", `${API}/switches/${name}`, { token: hub.adminToken, body: { on, reason } });
}

/** The same data on the same port, in a new server. */
async function restart(): Promise<void> {
  await hub.server.close();
  const server = await startServer({ port: Number(new URL(hub.url).port), dataDir: hub.dataDir, log: "silent" });
  hub = {
    ...hub,
    server,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await hub.simulator.close();
    },
  };
}
