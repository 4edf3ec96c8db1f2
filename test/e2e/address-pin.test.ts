import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AnswerFrom, type RequestFrom, requestFrom } from "../harness/request-from.ts";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

const REPO = "acme/secret";
/** Where the job runs, and where a thief does. */
const HOME = "127.0.0.2";
const ELSEWHERE = "127.0.0.3";

let hub: RunningHub;
beforeAll(async () => {
  hub = await prepared(await startHub());
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

/** `acme/secret` and the user acme pin, `acme/open` does not. */
async function prepared(fresh: RunningHub): Promise<RunningHub> {
  const acme = await fresh.user("acme");
  for (const name of [REPO, "acme/open"]) await fresh.repo(name, { private: true });
  const publisher = { provider: "github", issuer: fresh.simulator.issuerUrl("github"), claims: GITHUB_CLAIMS };
  for (const target of [`models/${REPO}`, "users/acme"]) {
    const added = await fresh.publisher(target, { ...publisher, pin_address: true }, acme);
    expect([added.status, added.json.pin_address], added.text).toEqual([201, true]);
  }
  const open = await fresh.publisher("models/acme/open", { ...publisher, pin_address: false });
  expect(open.json, open.text).not.toHaveProperty("pin_address");
  return fresh;
}

async function exchange(
  at: RunningHub,
  from: string,
  resource: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<AnswerFrom> {
  return requestFrom(from, `${at.url}/oauth/token`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      subject_token: await at.simulator.issueToken("github", { audience: at.url }),
      resource,
    }),
  });
}

async function tokenFor(
  from: string,
  resource: string,
  headers: Readonly<Record<string, string>> = {},
  at: RunningHub = hub,
): Promise<string> {
  const answer = await exchange(at, from, resource, headers);
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text).access_token;
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

function commitBody(): string {
  const content = randomBytes(16).toString("base64");
  return [
    { key: "header", value: { summary: "Add a file" } },
    { key: "file", value: { path: "hello.txt", content, encoding: "base64" } },
  ]
    .map((line) => JSON.stringify(line))
    .join("\n");
}

function batchBody(operation: "upload" | "download", bytes: Buffer): string {
  const oid = createHash("sha256").update(bytes).digest("hex");
  return JSON.stringify({
    operation,
    transfers: ["basic"],
    hash_algo: "sha256",
    objects: [{ oid, size: bytes.length }],
  });
}

/** Every way on which a token reaches the hub; the signed URLs were handed out to the job itself. */
async function ways(token: string): Promise<Readonly<Record<string, readonly [path: string, request: RequestFrom]>>> {
  const auth = bearer(token);
  const password = { authorization: `Basic ${Buffer.from(`job:${token}`).toString("base64")}` };
  const lfs = { ...auth, "content-type": "application/vnd.git-lfs+json" };
  const bytes = randomBytes(64);
  const batch = `/${REPO}.git/info/lfs/objects/batch`;
  const ask = { method: "POST", headers: lfs, body: batchBody("upload", bytes) };
  const offered = await requestFrom(HOME, `${hub.url}${batch}`, ask);
  const { upload, verify } = JSON.parse(offered.text).objects[0].actions;
  return {
    "commit through the API": [
      `/api/models/${REPO}/commit/main`,
      { method: "POST", headers: { ...auth, "content-type": "application/x-ndjson" }, body: commitBody() },
    ],
    whoami: ["/api/whoami-v2", { headers: auth }],
    "repo info": [`/api/models/${REPO}`, { headers: auth }],
    resolve: [`/${REPO}/resolve/main/hello.txt`, { headers: auth }],
    "resolve, headers only": [`/${REPO}/resolve/main/hello.txt`, { method: "HEAD", headers: auth }],
    "git fetch": [`/${REPO}.git/info/refs?service=git-upload-pack`, { headers: password }],
    "git push": [`/${REPO}.git/info/refs?service=git-receive-pack`, { headers: password }],
    "LFS batch": [batch, ask],
    "signed upload URL": [upload.href.slice(hub.url.length), { method: "PUT", body: bytes }],
    "signed verify URL": [
      verify.href.slice(hub.url.length),
      {
        method: "POST",
        headers: { "content-type": "application/vnd.git-lfs+json" },
        body: JSON.stringify({ oid: createHash("sha256").update(bytes).digest("hex"), size: bytes.length }),
      },
    ],
  };
}

describe("a token of a publisher that pins the address", () => {
  it("works on every way from the address that made the exchange, and on none from another", async () => {
    const all = Object.entries(await ways(await tokenFor(HOME, REPO)));
    for (const [way, [path, request]] of all) {
      const stolen = await requestFrom(ELSEWHERE, `${hub.url}${path}`, request);
      expect(stolen.status, `${way} from elsewhere: ${stolen.text}`).toBe(403);
      expect(stolen.headers.get("x-error-message"), way).toContain("works only from");
      const own = await requestFrom(HOME, `${hub.url}${path}`, request);
      expect(own.status, `${way} from home: ${own.text}`).toBe(200);
    }
  });

  it("is refused elsewhere in words that git-lfs shows, and that do not say where it works", async () => {
    const [path, request] = (await ways(await tokenFor(HOME, REPO)))["LFS batch"] ?? ["", {}];
    const { text } = await requestFrom(ELSEWHERE, `${hub.url}${path}`, request);
    expect(JSON.parse(text).message).toContain(`this request came from ${ELSEWHERE}`);
    expect(text).not.toContain(HOME);
  });

  it("for a user is pinned as well", async () => {
    const token = await tokenFor(HOME, "acme");
    expect(token).toMatch(/^hf_oauth_/);
    const url = `${hub.url}/api/whoami-v2`;
    expect((await requestFrom(HOME, url, { headers: bearer(token) })).status).toBe(200);
    expect((await requestFrom(ELSEWHERE, url, { headers: bearer(token) })).status).toBe(403);
  });

  it("leaves an entry in the audit log for each use from elsewhere, and its pin in that of the grant", async () => {
    const token = await tokenFor(HOME, REPO);
    const tokenId = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).jti;
    const stolen = await requestFrom(ELSEWHERE, `${hub.url}/api/whoami-v2`, { headers: bearer(token) });
    const log = await hub.call("GET", "/api/postern/v1/audit", { token: hub.adminToken });
    const entries = log.text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
    const misuse = entries.find(({ request_id: id }) => id === stolen.headers.get("x-request-id"));
    expect(misuse).toMatchObject({
      event: "token.use",
      outcome: "denied",
      actor: { kind: "workload", token_id: tokenId },
      resource: `models/${REPO}`,
      source_address: ELSEWHERE,
      detail: { code: "WrongAddress", pinned_address: HOME },
    });
    const granted = entries.find(({ detail }) => detail.jti === tokenId);
    expect(granted.detail.pinned_address).toBe(HOME);
  });

  it("is not helped by a header that claims another address", async () => {
    const headers = { ...bearer(await tokenFor(HOME, REPO)), "x-forwarded-for": HOME };
    expect((await requestFrom(ELSEWHERE, `${hub.url}/api/whoami-v2`, { headers })).status).toBe(403);
  });

  it("can be ended from anywhere by whoever finds it", async () => {
    const token = await tokenFor(HOME, REPO);
    const body = new URLSearchParams({ token }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    await requestFrom(ELSEWHERE, `${hub.url}/oauth/revoke`, { method: "POST", headers, body });
    expect((await requestFrom(HOME, `${hub.url}/api/whoami-v2`, { headers: bearer(token) })).status).toBe(401);
  });
});

it("leaves tokens of other publishers alone", async () => {
  const token = await tokenFor(HOME, "acme/open");
  const answer = await requestFrom(ELSEWHERE, `${hub.url}/api/models/acme/open`, { headers: bearer(token) });
  expect(answer.status).toBe(200);
});

it.each(["yes", 1, null])("refuses a publisher whose pin_address is %j", async (pin) => {
  const issuer = hub.simulator.issuerUrl("github");
  const answer = await hub.publisher(`models/${REPO}`, {
    provider: "github",
    issuer,
    claims: GITHUB_CLAIMS,
    pin_address: pin,
  });
  expect([answer.status, answer.json.field]).toEqual([422, "/pin_address"]);
});

describe("behind a proxy that the server trusts", () => {
  let proxied: RunningHub;
  beforeAll(async () => {
    proxied = await prepared(await startHub({ trustedProxies: ["127.0.0.1"] }));
  });
  afterAll(async () => proxied?.[Symbol.asyncDispose]());

  async function whoami(token: string, forwardedFor: string): Promise<number> {
    const headers = { ...bearer(token), "x-forwarded-for": forwardedFor };
    return (await requestFrom("127.0.0.1", `${proxied.url}/api/whoami-v2`, { headers })).status;
  }

  it.each([
    ["one IPv4 address", "198.51.100.7", "198.51.100.7", "198.51.100.8"],
    ["the /64 of an IPv6 address", "2001:db8:1:2::5", "2001:db8:1:2:ffff::9", "2001:db8:1:3::5"],
  ])("pins to %s as the proxy saw it", async (_what, home, alsoHome, elsewhere) => {
    const token = await tokenFor("127.0.0.1", REPO, { "x-forwarded-for": home }, proxied);
    expect(await whoami(token, home)).toBe(200);
    expect(await whoami(token, alsoHome)).toBe(200);
    expect(await whoami(token, elsewhere)).toBe(403);
    expect(await whoami(token, "unknown")).toBe(403);
  });

  it("makes no token that could not be pinned", async () => {
    const refused = await exchange(proxied, "127.0.0.1", REPO, { "x-forwarded-for": "unknown" });
    expect(JSON.parse(refused.text)).toMatchObject({ error: "invalid_grant", code: "TP1921" });
  });
});
