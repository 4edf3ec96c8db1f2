import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderDigest } from "../harness/folder-digest.ts";
import { type OverheardRequest, overhearRequests } from "../harness/overheard-requests.ts";
import { type Finished, posternCommand, runCommand } from "../harness/run-command.ts";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";

const REPO = "acme/secret";
let hub: RunningHub;
let folder: TemporaryFolder;
let source: string;

beforeAll(async () => {
  hub = await startHub();
  const acme = await hub.user("acme");
  await hub.repo(REPO, { private: true });
  const publisher = { provider: "github", issuer: hub.simulator.issuerUrl("github"), claims: GITHUB_CLAIMS };
  for (const target of [`models/${REPO}`, "users/acme"])
    expect((await hub.publisher(target, publisher, acme)).status).toBe(201);
  folder = temporaryFolder("bound");
  source = path.join(folder.path, "source");
  mkdirSync(path.join(source, "näh er"), { recursive: true });
  writeFileSync(path.join(source, "README.md"), "---\nlicense: apache-2.0\n---\n# Tiny model\n");
  writeFileSync(path.join(source, "näh er", "a+b #1 100%.txt"), "deep\n");
  writeFileSync(path.join(source, "model.safetensors"), randomBytes(3_000_000));
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

interface Overheard extends Finished {
  readonly requests: readonly OverheardRequest[];
}

/** Runs one of our commands in a GitHub job without a secret. */
async function inJob(words: readonly string[], resource: string = REPO): Promise<Overheard> {
  await using job = await hub.simulator.jobEnvironment("github", {
    parentEnv: process.env,
    audiences: [hub.url],
    env: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: resource, NO_COLOR: "1" },
  });
  using overheard = overhearRequests();
  const [node, postern] = posternCommand;
  const finished = await runCommand(node, [postern, ...words], { env: { ...job.variables } });
  return { ...finished, requests: [...overheard.requests] };
}

/** What the requests carried: every token with a proof of its own, and nothing at the signed URLs. */
function expectProved(requests: readonly OverheardRequest[]): string {
  const signed = requests.filter(({ path }) => path.includes("?ticket="));
  for (const request of signed)
    expect([request.authorization, request.proof], request.path).toEqual([undefined, undefined]);
  const own = requests.filter(({ authorization, path }) => authorization !== undefined && !path.startsWith("/github"));
  expect(own.length).toBeGreaterThan(0);
  for (const { authorization, method, path } of own) expect(authorization, `${method} ${path}`).toMatch(/^DPoP hf_/);
  const proofs = requests.flatMap(({ proof }) => proof ?? []);
  expect(new Set(proofs).size).toBe(proofs.length);
  return own[0]?.authorization?.replace("DPoP ", "") ?? "";
}

describe("our commands in a job", () => {
  it("publish and read with a token that is useless to whoever overhears it", async () => {
    const upload = await inJob(["upload", REPO, source, "--json"]);
    expect(upload.code, upload.stderr).toBe(0);
    const token = expectProved(upload.requests);
    expect(upload.requests.some(({ method, path }) => method === "PUT" && path.includes("?ticket="))).toBe(true);

    const target = path.join(folder.path, "target");
    const download = await inJob(["download", REPO, "--local-dir", target]);
    expect(download.code, download.stderr).toBe(0);
    expectProved(download.requests);
    expect(await folderDigest(target)).toEqual(await folderDigest(source));

    const info = `/api/models/${REPO}`;
    expect((await hub.call("GET", info, { token })).status).toBe(401);
    // With everything that was on the wire: a proof of the very same request, which was used.
    const used = upload.requests.find(({ method, path }) => method === "GET" && path === info);
    const headers = { authorization: `DPoP ${token}`, dpop: used?.proof ?? "" };
    const replayed = await hub.call("GET", info, { headers });
    expect([replayed.status, replayed.headers.get("x-error-message")]).toEqual([
      401,
      expect.stringContaining("used before"),
    ]);
  });

  it.each([
    ["a repo", REPO],
    ["a user", "acme"],
  ])("ask who they are with a bound token for %s", async (_what, resource) => {
    const whoami = await inJob(["auth", "whoami", "--json"], resource);
    expect(whoami.code, whoami.stderr).toBe(0);
    const token = expectProved(whoami.requests);
    expect((await hub.call("GET", "/api/whoami-v2", { token })).status).toBe(401);
  });

  it("manage nothing, and are told so rather than that a proof is missing", async () => {
    const list = await inJob(["publisher", "list", REPO]);
    expect([list.code, list.stderr]).toEqual([1, expect.stringContaining("cannot manage anything")]);
    expectProved(list.requests);
  });

  it("end a bound token when they are done", async () => {
    const done = await inJob(["download", REPO, "--local-dir", path.join(folder.path, "again"), "--revoke-on-exit"]);
    expect(done.code, done.stderr).toBe(0);
    const token = expectProved(done.requests);
    const answer = await hub.call("GET", "/api/whoami-v2", { token });
    expect([answer.status, answer.json.error]).toEqual([401, "Invalid credentials in Authorization header"]);
  });

  it("find a renamed repo by its old name, with a proof for each address on the way", async () => {
    const move = { fromRepo: REPO, toRepo: "acme/renamed", type: "model" };
    expect((await hub.call("POST", "/api/repos/move", { token: hub.adminToken, body: move })).status).toBe(200);
    const target = path.join(folder.path, "renamed");
    const download = await inJob(["download", REPO, "--local-dir", target], "acme/renamed");
    expect(download.code, download.stderr).toBe(0);
    expectProved(download.requests);
    expect(await folderDigest(target)).toEqual(await folderDigest(source));
    await hub.call("POST", "/api/repos/move", {
      token: hub.adminToken,
      body: { ...move, fromRepo: "acme/renamed", toRepo: REPO },
    });
  });

  it("print a plain bearer token for other tools", async () => {
    const printed = await inJob(["auth", "token"]);
    expect(printed.code, printed.stderr).toBe(0);
    const token = printed.stdout.split("\n").findLast((line) => line.startsWith("hf_jwt_"));
    expect((await hub.call("GET", "/api/whoami-v2", { token })).status).toBe(200);
  });
});
