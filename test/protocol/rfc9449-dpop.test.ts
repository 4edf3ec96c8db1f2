import { createHash, randomBytes, randomUUID } from "node:crypto";
import { createClient } from "@postern/client";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realGit, withToken } from "../clients/real-git.ts";
import { type Answer, GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const REPO = "acme/model";
let hub: RunningHub;
const { privateKey, publicKey } = await generateKeyPair("ES256");
const jwk = await exportJWK(publicKey);

beforeAll(async () => {
  hub = await startHub();
  const acme = await hub.user("acme");
  await hub.repo(REPO, { private: true });
  await hub.repo("acme/open");
  const issuer = hub.simulator.issuerUrl("github");
  for (const target of [`models/${REPO}`, "users/acme"]) {
    const added = await hub.publisher(target, { provider: "github", issuer, claims: GITHUB_CLAIMS }, acme);
    expect(added.status, added.text).toBe(201);
  }
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

function proof(method: string, path: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  return new SignJWT({ htm: method, htu: `${hub.url}${path}`, iat, jti: randomUUID(), ...claims })
    .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk })
    .sign(privateKey);
}

async function exchange(dpop: string | undefined, resource: string = REPO): Promise<Answer> {
  return hub.call("POST", "/oauth/token", {
    headers: dpop === undefined ? {} : { dpop },
    body: {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      subject_token: await hub.simulator.issueToken("github", { audience: hub.url }),
      resource,
    },
  });
}

async function boundToken(resource: string = REPO): Promise<string> {
  const { json } = await exchange(await proof("POST", "/oauth/token"), resource);
  expect(json.token_type).toBe("DPoP");
  return json.access_token;
}

function ath(token: string): { readonly ath: string } {
  return { ath: createHash("sha256").update(token).digest("base64url") };
}

function send(path: string, authorization: string, dpop?: string): Promise<Answer> {
  return hub.call("GET", path, { headers: { authorization, ...(dpop === undefined ? {} : { dpop }) } });
}

it("announces it in discovery (§5.1), and a token for a repo carries the key's thumbprint (§6.1)", async () => {
  const { json } = await hub.call("GET", "/.well-known/openid-configuration");
  expect(json.dpop_signing_alg_values_supported).toEqual(["ES256"]);
  const token = await boundToken();
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  expect(claims.cnf.jkt).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

describe.each([
  ["a repo", REPO, "hf_jwt_"],
  ["a user", "acme", "hf_oauth_"],
])("a token for %s that is bound to a key", (_what, resource, prefix) => {
  it("works with a fresh proof for each request", async () => {
    const token = await boundToken(resource);
    expect(token.startsWith(prefix)).toBe(true);
    for (const path of ["/api/whoami-v2", resource === REPO ? `/api/models/${REPO}` : "/api/models/acme/open"]) {
      const answer = await send(path, `DPoP ${token}`, await proof("GET", path, ath(token)));
      expect(answer.status, answer.text).toBe(200);
    }
  });

  it.each<[string, (token: string) => Promise<readonly [string, string | undefined]>]>([
    ["without a proof", async (token) => [`DPoP ${token}`, undefined]],
    ["as a bearer token", async (token) => [`Bearer ${token}`, await proof("GET", "/api/whoami-v2", ath(token))]],
    [
      "as a password, as git sends it",
      async (token) => [`Basic ${Buffer.from(`hf_user:${token}`).toString("base64")}`, undefined],
    ],
    ["with a proof for another path", async (token) => [`DPoP ${token}`, await proof("GET", "/api/x", ath(token))]],
    [
      "with a proof for another method",
      async (token) => [`DPoP ${token}`, await proof("POST", "/api/whoami-v2", ath(token))],
    ],
    ["with a proof that names no token", async (token) => [`DPoP ${token}`, await proof("GET", "/api/whoami-v2")]],
    [
      "with an old proof",
      async (token) => [`DPoP ${token}`, await proof("GET", "/api/whoami-v2", { ...ath(token), iat: 1_700_000_000 })],
    ],
    [
      "with a proof for another host",
      async (token) => [
        `DPoP ${token}`,
        await proof("GET", "", { ...ath(token), htu: "https://evil.example/api/whoami-v2" }),
      ],
    ],
  ])("is refused %s", async (_how, headers) => {
    const answer = await send("/api/whoami-v2", ...(await headers(await boundToken(resource))));
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe('DPoP error="invalid_dpop_proof", algs="ES256"');
  });

  it("is refused with the proof of another key, and with a proof that was used before", async () => {
    const token = await boundToken(resource);
    const other = await generateKeyPair("ES256");
    const strange = await new SignJWT({
      htm: "GET",
      htu: `${hub.url}/api/whoami-v2`,
      iat: Math.floor(Date.now() / 1000),
      jti: randomUUID(),
      ...ath(token),
    })
      .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk: await exportJWK(other.publicKey) })
      .sign(other.privateKey);
    expect((await send("/api/whoami-v2", `DPoP ${token}`, strange)).status).toBe(401);
    const once = await proof("GET", "/api/whoami-v2", ath(token));
    expect((await send("/api/whoami-v2", `DPoP ${token}`, once)).status).toBe(200);
    const again = await send("/api/whoami-v2", `DPoP ${token}`, once);
    expect(again.status).toBe(401);
    expect(again.headers.get("x-error-message")).toContain("used before");
  });

  it("leaves an entry in the audit log when it is shown without a proof", async () => {
    const stolen = await send("/api/whoami-v2", `Bearer ${await boundToken(resource)}`);
    const log = await hub.call("GET", "/api/postern/v1/audit", { token: hub.adminToken });
    const entries = log.text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
    expect(entries.find(({ request_id: id }) => id === stolen.headers.get("x-request-id"))).toMatchObject({
      event: "token.use",
      outcome: "denied",
      actor: { kind: "workload" },
      detail: { code: "InvalidProof", reason: expect.stringContaining("scheme DPoP") },
    });
  });

  it("is over when it was revoked, proof or not", async () => {
    const token = await boundToken(resource);
    await hub.call("POST", "/oauth/revoke", { body: new URLSearchParams({ token }) });
    const answer = await send("/api/whoami-v2", `DPoP ${token}`, await proof("GET", "/api/whoami-v2", ath(token)));
    expect([answer.status, answer.json.error]).toEqual([401, "Invalid credentials in Authorization header"]);
  });
});

describe("a token for a repo that is bound to a key", () => {
  it("is nobody's token once its binding was taken out of the text", async () => {
    const token = await boundToken();
    const [head, body = "", tail] = token.split(".");
    const { cnf: _cnf, ...claims } = JSON.parse(Buffer.from(body, "base64url").toString());
    const stripped = `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${tail}`;
    expect((await send("/api/whoami-v2", `Bearer ${stripped}`)).status).toBe(401);
  });

  it("hands out signed URLs that need no proof", async () => {
    const token = await boundToken();
    const bytes = randomBytes(64);
    const path = `/${REPO}.git/info/lfs/objects/batch`;
    const offered = await hub.call("POST", path, {
      headers: {
        authorization: `DPoP ${token}`,
        dpop: await proof("POST", path, ath(token)),
        "content-type": "application/vnd.git-lfs+json",
      },
      body: {
        operation: "upload",
        transfers: ["basic"],
        hash_algo: "sha256",
        objects: [{ oid: createHash("sha256").update(bytes).digest("hex"), size: bytes.length }],
      },
    });
    const { href } = offered.json.objects[0].actions.upload;
    expect((await fetch(href, { method: "PUT", body: bytes })).status).toBe(200);
  });
});

it("refuses an exchange whose proof is not acceptable, and spends nothing (§5)", async () => {
  for (const bad of ["nonsense", await proof("GET", "/oauth/token"), await proof("POST", "/elsewhere")]) {
    const answer = await exchange(bad);
    expect(answer.json, answer.text).toMatchObject({ error: "invalid_dpop_proof", code: "TP1011" });
  }
});

it.each([REPO, "acme"])("leaves clients that know nothing of it alone (%s)", async (resource) => {
  const { json } = await exchange(undefined, resource);
  expect(json.token_type).toBe("bearer");
  expect((await send("/api/whoami-v2", `Bearer ${json.access_token}`)).status).toBe(200);
  const asDpop = await send("/api/whoami-v2", `DPoP ${json.access_token}`, await proof("GET", "/api/whoami-v2"));
  expect(asDpop.status).toBe(401);
});

it("takes no personal token with the scheme DPoP: it could not be bound", async () => {
  const dpop = await proof("GET", "/api/whoami-v2", ath(hub.adminToken));
  expect((await send("/api/whoami-v2", `DPoP ${hub.adminToken}`, dpop)).status).toBe(401);
});

describe("our client", () => {
  it("binds its token when asked, and its fetch proves the key each time", async () => {
    await using job = await hub.simulator.jobEnvironment("github", {
      parentEnv: process.env,
      audiences: [hub.url],
      env: { HF_ENDPOINT: hub.url },
    });
    const client = createClient({ environment: { ...job.variables } });
    const token = await client.oidcLogin({ resource: REPO, dpop: true });
    if (token.fetch === undefined) throw new Error("the token was not bound");
    expect((await token.fetch(`${hub.url}/api/whoami-v2`)).status).toBe(200);
    expect((await token.fetch(`${hub.url}/api/models/${REPO}?expand=sha`)).status).toBe(200);
    expect((await send("/api/whoami-v2", `Bearer ${token.accessToken}`)).status).toBe(401);
    await client.revokeToken({ token: token.accessToken, endpoint: hub.url });
    expect((await token.fetch(`${hub.url}/api/whoami-v2`)).status).toBe(401);
  });
});

it("a token that is bound to a key is refused to git, which sends no proofs, and git shows why", async () => {
  using folder = temporaryFolder("dpop-git");
  const { code, stderr } = await realGit(folder.path).run([
    "clone",
    withToken(`${hub.url}/${REPO}`, await boundToken()),
    "refused",
  ]);
  expect(code).not.toBe(0);
  expect(stderr).toContain("remote: The DPoP proof is not acceptable: the token is bound to a key");
});
