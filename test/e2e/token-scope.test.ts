import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

let hub: RunningHub;
let adaToken: string;
let repoToken: string;
let userToken: string;

beforeAll(async () => {
  hub = await startHub();
  adaToken = await hub.user("ada");
  for (const name of ["ada/model-a", "ada/model-b"]) await hub.repo(name, { token: adaToken });
  await hub.repo("ada/secret", { private: true, token: adaToken });
  const issuer = hub.simulator.issuerUrl("github");
  const added = await hub.publisher(
    "models/ada/model-a",
    { provider: "github", issuer, claims: GITHUB_CLAIMS },
    adaToken,
  );
  expect(added.status, added.text).toBe(201);
  const forUser = await hub.publisher("users/ada", { provider: "github", issuer, claims: GITHUB_CLAIMS }, adaToken);
  expect(forUser.status, forUser.text).toBe(201);
  repoToken = await exchanged("ada/model-a");
  userToken = await exchanged("ada");
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

async function exchanged(resource: string): Promise<string> {
  const answer = await hub.exchange(await hub.simulator.issueToken("github", { audience: hub.url }), resource);
  expect(answer.status, answer.text).toBe(200);
  return answer.json.access_token;
}

/** One regular file, committed through the API. */
function commit(repo: string, token: string) {
  const lines = [
    { key: "header", value: { summary: "Add a file" } },
    {
      key: "file",
      value: { path: "hello.txt", content: Buffer.from("hello\n").toString("base64"), encoding: "base64" },
    },
  ];
  return hub.call("POST", `/api/models/${repo}/commit/main`, {
    token,
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
    headers: { "content-type": "application/x-ndjson" },
  });
}

describe("a token for one repo", () => {
  it("has the prefix and the life that the Hub documents", () => {
    expect(repoToken).toMatch(/^hf_jwt_[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);
  });

  it("commits to its own repo", async () => {
    const answer = await commit("ada/model-a", repoToken);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json.commitOid).toMatch(/^[0-9a-f]{40}$/);
  });

  it("is refused on another repo of the same owner", async () => {
    const answer = await commit("ada/model-b", repoToken);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("x-error-message")).toContain("another repo");
  });

  it("does not learn that a private repo exists", async () => {
    const hidden = await hub.call("GET", "/api/models/ada/secret", { token: repoToken });
    const absent = await hub.call("GET", "/api/models/ada/nothing-here", { token: repoToken });
    expect([hidden.status, hidden.headers.get("x-error-code")]).toEqual([404, "RepoNotFound"]);
    expect([absent.status, absent.headers.get("x-error-code")]).toEqual([404, "RepoNotFound"]);
    expect(hidden.json.error).toBe(absent.json.error);
  });

  it.each([
    ["change its repo's visibility", "PUT", "/api/models/ada/model-a/settings", { visibility: "private" }],
    ["delete its repo", "DELETE", "/api/repos/delete", { organization: "ada", name: "model-a", type: "model" }],
    ["create a repo", "POST", "/api/repos/create", { organization: "ada", name: "model-c", type: "model" }],
    ["list publishers of its repo", "GET", "/api/postern/v1/models/ada/model-a/publishers", undefined],
    [
      "add a publisher to its repo",
      "POST",
      "/api/postern/v1/models/ada/model-a/publishers",
      { provider: "github", claims: GITHUB_CLAIMS },
    ],
    [
      "confirm its own publisher's new owner",
      "POST",
      "/api/postern/v1/models/ada/model-a/publishers/x/confirm",
      { accept: true, to: {} },
    ],
    ["switch its own publisher on", "PATCH", "/api/postern/v1/models/ada/model-a/publishers/x", { enabled: true }],
    ["list users", "GET", "/api/postern/v1/users", undefined],
    ["add a user", "POST", "/api/postern/v1/users", { name: "eve" }],
    ["list the owner's tokens", "GET", "/api/postern/v1/tokens?user=ada", undefined],
    ["make a personal token", "POST", "/api/postern/v1/tokens", { user: "ada", role: "write" }],
    ["add an issuer", "POST", "/api/postern/v1/issuers", { provider: "custom", url: "https://evil.example" }],
    ["add an organisation", "POST", "/api/postern/v1/orgs", { name: "evil" }],
    ["read the audit log", "GET", "/api/postern/v1/audit", undefined],
  ])("may not %s", async (_what, method, path, body) => {
    const answer = await hub.call(method, path, { token: repoToken, body });
    expect(answer.status, answer.text).toBe(403);
  });
});

describe("a read-only token for a user", () => {
  it("has the prefix that the Hub documents", () => {
    expect(userToken).toMatch(/^hf_oauth_/);
  });

  it("reads public repos", async () => {
    expect((await hub.call("GET", "/api/models/ada/model-a", { token: userToken })).status).toBe(200);
  });

  it("cannot write to the user's own repo", async () => {
    const answer = await commit("ada/model-a", userToken);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("x-error-message")).toContain("read-only");
  });

  it("cannot read the user's private repo, not even as far as to learn that it exists", async () => {
    const answer = await hub.call("GET", "/api/models/ada/secret", { token: userToken });
    expect([answer.status, answer.headers.get("x-error-code")]).toEqual([404, "RepoNotFound"]);
  });

  it("cannot manage the user's tokens", async () => {
    expect(
      (await hub.call("POST", "/api/postern/v1/tokens", { token: userToken, body: { role: "write" } })).status,
    ).toBe(403);
  });
});

describe("a revoked token", () => {
  it.each([
    ["/oauth/revoke", (token: string) => new URLSearchParams({ token }), 200],
    ["/api/credentials/revoke", (token: string) => ({ credentials: [token] }), 202],
  ])("is refused at once after %s", async (path, body, status) => {
    const token = await exchanged("ada/model-a");
    expect((await hub.call("GET", "/api/whoami-v2", { token })).status).toBe(200);
    expect((await hub.call("POST", path, { body: body(token) })).status).toBe(status);
    const after = await hub.call("GET", "/api/whoami-v2", { token });
    expect(after.status).toBe(401);
    expect(after.headers.get("x-error-message")).toBe("Invalid credentials in Authorization header");
    expect((await commit("ada/model-a", token)).status).toBe(401);
  });
});

it("a publisher that is removed takes its live tokens with it", async () => {
  const listed = await hub.call("GET", "/api/postern/v1/models/ada/model-a/publishers", { token: adaToken });
  const token = await exchanged("ada/model-a");
  const { id } = listed.json.publishers[0];
  expect(
    (await hub.call("DELETE", `/api/postern/v1/models/ada/model-a/publishers/${id}`, { token: adaToken })).status,
  ).toBe(204);
  expect((await commit("ada/model-a", token)).status).toBe(401);
});
