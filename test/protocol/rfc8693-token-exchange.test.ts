import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { EXCHANGE_CODES } from "@postern/core/error/exchange-codes";
import { startSimulator, type TokenFault, type TokenRequest } from "@postern/simulator";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../harness/run-command.ts";
import { type Answer, GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token";
let hub: RunningHub;

beforeAll(async () => {
  hub = await startHub();
  const adaToken = await hub.user("ada");
  for (const name of ["model", "bare", "strict", "by-branch", "no-owner", "owner-only", "moved"])
    await hub.repo(`ada/${name}`);
  const issuer = hub.simulator.issuerUrl("github");
  for (const [target, claims] of [
    ["models/ada/model", GITHUB_CLAIMS],
    ["users/ada", GITHUB_CLAIMS],
    ["models/ada/no-owner", { repository: "acme/train", repository_id: "456789" }],
    ["models/ada/owner-only", { repository_owner: "acme", repository_owner_id: "123456" }],
    ["models/ada/moved", GITHUB_CLAIMS],
    ["models/ada/by-branch", { repository_id: "456789", repository_owner_id: "123456", branch: "main" }],
    [
      "models/ada/strict",
      {
        repository_id: "456789",
        repository_owner_id: "123456",
        environment: "release",
        event_name: "push",
        called_workflow: "publish.yml",
        runner_environment: "github-hosted",
        actor: "octocat",
      },
    ],
  ] as const) {
    const added = await hub.publisher(target, { provider: "github", issuer, claims }, adaToken);
    expect(added.status, added.text).toBe(201);
  }
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

const mint = (request: TokenRequest = {}): Promise<string> =>
  hub.simulator.issueToken("github", { audience: hub.url, ...request });
const form = (fields: Readonly<Record<string, string>>): Promise<Answer> =>
  hub.call("POST", "/oauth/token", { body: new URLSearchParams(fields) });
const fields = (subjectToken: string, resource = "ada/model"): Record<string, string> => ({
  grant_type: GRANT_TYPE,
  subject_token_type: ID_TOKEN,
  subject_token: subjectToken,
  resource,
});

/** A token that is no signature's work, for what is refused before a signature is looked at. */
function crafted(header: string, payload: string): string {
  const encode = (text: string): string => Buffer.from(text).toString("base64url");
  return `${encode(header)}.${encode(payload)}.${encode("no signature")}`;
}

describe("a good exchange", () => {
  it.each([
    ["JSON, as the Hub's clients send it", async () => hub.exchange(await mint(), "ada/model")],
    ["a form, as RFC 8693 §2.1 has it", async () => form(fields(await mint()))],
  ])("is answered in full when it comes as %s", async (_what, send) => {
    const answer = await send();
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers.get("cache-control")).toContain("no-store");
    expect(answer.json).toEqual({
      access_token: expect.stringMatching(/^hf_jwt_/),
      token_type: "bearer",
      expires_in: 3600,
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    });
  });

  it("gives a token that anyone can verify offline through our JWKS", async () => {
    const { json } = await hub.exchange(await mint(), "ada/model");
    const keys = createRemoteJWKSet(new URL(`${hub.url}/oauth/jwks`));
    const { payload, protectedHeader } = await jwtVerify(json.access_token.slice("hf_jwt_".length), keys, {
      issuer: hub.url,
      audience: hub.url,
    });
    expect(protectedHeader.alg).toBe("ES256");
    expect(payload.sub).toBe("models/ada/model");
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600);
  });

  it("gives a read-only token for a user", async () => {
    const { json } = await hub.exchange(await mint(), "ada");
    expect(json.access_token).toMatch(/^hf_oauth_/);
  });

  it("accepts both shapes of GitHub's subject", async () => {
    for (const githubSubject of ["immutable", "names"] as const) {
      expect((await hub.exchange(await mint({ githubSubject }), "ada/model")).status).toBe(200);
    }
  });

  it("is granted exactly once when one subject token is exchanged by many at the same time", async () => {
    const token = await mint();
    const answers = await Promise.all(Array.from({ length: 12 }, () => hub.exchange(token, "ada/model")));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { json } of answers.filter(({ status }) => status !== 200)) expect(json.code).toBe("TP1601");
  });

  it("still succeeds after a failed match: a refusal does not spend the subject token", async () => {
    const token = await mint();
    expect((await hub.exchange(token, "ada/strict")).json.code).toMatch(/^TP18/);
    expect((await hub.exchange(token, "ada/bare")).json.code).toBe("TP1701");
    expect((await hub.exchange(token, "ada/model")).status).toBe(200);
  });
});

type Case = readonly [code: string, what: string, send: () => Promise<Answer>];

const json = (body: unknown): Promise<Answer> => hub.call("POST", "/oauth/token", { body });
const withFault =
  (fault: TokenFault, resource = "ada/model") =>
  async () =>
    hub.exchange(await mint({ faults: [fault] }), resource);
const withClaims =
  (claims: TokenRequest["claims"] & object, resource = "ada/model") =>
  async () =>
    hub.exchange(await mint({ claims }), resource);
const now = (): number => Math.floor(Date.now() / 1000);
const payload = (claims: object = {}): string =>
  JSON.stringify({
    iss: hub.simulator.issuerUrl("github"),
    aud: hub.url,
    sub: "s",
    jti: "j",
    iat: now(),
    exp: now() + 300,
    ...claims,
  });

const REFUSALS: readonly Case[] = [
  ["TP1001", "a body that is no JSON object", () => json(["grant_type"])],
  [
    "TP1001",
    "a body of another type",
    () => hub.call("POST", "/oauth/token", { body: "x", headers: { "content-type": "text/plain" } }),
  ],
  [
    "TP1002",
    "a missing subject_token",
    () => json({ grant_type: GRANT_TYPE, subject_token_type: ID_TOKEN, resource: "ada/model" }),
  ],
  [
    "TP1002",
    "a missing resource",
    async () => json({ grant_type: GRANT_TYPE, subject_token_type: ID_TOKEN, subject_token: await mint() }),
  ],
  [
    "TP1003",
    "a parameter sent twice",
    async () => {
      const body = new URLSearchParams(fields(await mint()));
      body.append("resource", "ada/bare");
      return hub.call("POST", "/oauth/token", { body });
    },
  ],
  ["TP1004", "a parameter that is no string", async () => json({ ...fields(await mint()), resource: ["ada/model"] })],
  [
    "TP1005",
    "another subject_token_type",
    async () => json({ ...fields(await mint()), subject_token_type: "urn:ietf:params:oauth:token-type:jwt" }),
  ],
  [
    "TP1006",
    "an Authorization header",
    async () => hub.call("POST", "/oauth/token", { body: fields(await mint()), token: hub.adminToken }),
  ],
  [
    "TP1007",
    "a parameter that this exchange does not take",
    async () => json({ ...fields(await mint()), actor_token: "x" }),
  ],
  ["TP1008", "a resource with dot segments", async () => hub.exchange(await mint(), "ada/../model")],
  ["TP1008", "an encoded resource", async () => hub.exchange(await mint(), "datasets%2Fada/model")],
  ["TP1009", "another grant type", () => json({ grant_type: "password", username: "ada", password: "x" })],
  [
    "TP1010",
    "a subject token in the address",
    async () => hub.call("POST", `/oauth/token?subject_token=${await mint()}`, { body: fields(await mint()) }),
  ],

  [
    "TP1101",
    "a token of more than 16 KiB",
    () => hub.exchange(crafted('{"alg":"RS256"}', payload({ pad: "x".repeat(17_000) })), "ada/model"),
  ],
  ["TP1102", "two parts instead of three", () => hub.exchange("e30.e30", "ada/model")],
  ["TP1102", "padding in the encoding", async () => hub.exchange(`${await mint()}=`, "ada/model")],
  [
    "TP1103",
    "a repeated member",
    () => hub.exchange(crafted('{"alg":"RS256","kid":"a"}', '{"iss":"a","iss":"b"}'), "ada/model"),
  ],
  ["TP1104", "a key address in the header", withFault({ kind: "jku-header" })],
  ["TP1102", "no signature at all", withFault({ kind: "alg-none" })],
  [
    "TP1105",
    "alg none beside something that looks like a signature",
    () => hub.exchange(crafted('{"alg":"none","kid":"a"}', payload()), "ada/model"),
  ],
  ["TP1105", "a symmetric signature made with the public key", withFault({ kind: "hs256-confusion" })],
  [
    "TP1106",
    "another typ",
    () => hub.exchange(crafted('{"alg":"RS256","kid":"a","typ":"logout+jwt"}', payload()), "ada/model"),
  ],
  ["TP1107", "a missing sub", withFault({ kind: "missing-claim", claim: "sub" })],
  ["TP1201", "an issuer that nobody stored", withClaims({ iss: "https://token.actions.example" })],
  ["TP1301", "a key that the issuer does not publish", withFault({ kind: "unknown-key" })],
  ["TP1302", "a wrong signature", withFault({ kind: "bad-signature" })],
  ["TP1401", "an expired token", withFault({ kind: "expired" })],
  ["TP1402", "a token that is not valid yet", withFault({ kind: "not-yet-valid" })],
  ["TP1403", "a token from the future", async () => withClaims({ iat: now() + 120, nbf: now() - 10 })()],
  [
    "TP1404",
    "a token that is too old though not expired",
    async () => withClaims({ iat: now() - 7200, nbf: now() - 7200, exp: now() + 600 })(),
  ],
  ["TP1405", "a token without exp", withFault({ kind: "missing-claim", claim: "exp" })],
  ["TP1501", "a token for another service", withFault({ kind: "wrong-audience" })],
  [
    "TP1501",
    "a token for our address with a slash at its end",
    async () => hub.exchange(await mint({ audience: `${hub.url}/` }), "ada/model"),
  ],
  ["TP1502", "a token without an audience", withFault({ kind: "missing-claim", claim: "aud" })],
  [
    "TP1503",
    "a token for us and somebody else",
    async () => hub.exchange(await mint({ audience: [hub.url, "https://other.example"] }), "ada/model"),
  ],
  [
    "TP1601",
    "a token that was used before",
    async () => {
      const token = await mint();
      expect((await hub.exchange(token, "ada/model")).status).toBe(200);
      return hub.exchange(token, "ada/model");
    },
  ],
  [
    "TP1602",
    "a GitLab job's token for a second resource",
    async () => {
      const issuer = hub.simulator.issuerUrl("gitlab");
      for (const repo of ["ada/model", "ada/bare"]) {
        await hub.publisher(`models/${repo}`, {
          provider: "gitlab",
          issuer,
          claims: { project_id: "20", namespace_id: "72" },
        });
      }
      const token = await hub.simulator.issueToken("gitlab", { audience: hub.url });
      expect((await hub.exchange(token, "ada/model")).status).toBe(200);
      expect((await hub.exchange(token, "ada/model")).status, "the same job may come again").toBe(200);
      return hub.exchange(token, "ada/bare");
    },
  ],
  ["TP1701", "a resource that does not exist", async () => hub.exchange(await mint(), "ada/nothing-here")],
  ["TP1701", "a user who does not exist", async () => hub.exchange(await mint(), "nobody-here")],
  [
    "TP1701",
    "a resource whose publishers are about other projects",
    withClaims({ repository_id: "999", repository: "mallory/train" }),
  ],
  [
    "TP1801",
    "several claims that differ",
    withClaims({ ref: "refs/heads/evil", environment: "staging", event_name: "schedule" }, "ada/strict"),
  ],
  ["TP1802", "another workflow", withClaims({ workflow_ref: "acme/train/.github/workflows/evil.yml@refs/heads/main" })],
  ["TP1803", "another branch", withClaims({ ref: "refs/heads/evil" }, "ada/by-branch")],
  ["TP1804", "another environment", withClaims({ environment: "staging" }, "ada/strict")],
  [
    "TP1805",
    "another name of the same project, whose owner is not pinned",
    withClaims({ repository: "acme/renamed", repository_id: "456789" }, "ada/no-owner"),
  ],
  [
    "TP1806",
    "another name of the owner",
    withClaims({ repository_owner: "acme2", repository_owner_id: "123456" }, "ada/owner-only"),
  ],
  ["TP1807", "another event", withClaims({ event_name: "schedule", environment: "release" }, "ada/strict")],
  [
    "TP1808",
    "another reusable workflow",
    withClaims(
      { job_workflow_ref: "acme/train/.github/workflows/other.yml@refs/heads/main", environment: "release" },
      "ada/strict",
    ),
  ],
  [
    "TP1809",
    "another kind of runner",
    withClaims({ runner_environment: "self-hosted", environment: "release" }, "ada/strict"),
  ],
  ["TP1810", "another claim", withClaims({ actor: "mallory", environment: "release" }, "ada/strict")],
  ["TP1901", "a job started by pull_request_target", withClaims({ event_name: "pull_request_target" })],
  ["TP1902", "a job started by workflow_run", withClaims({ event_name: "workflow_run" })],
  ["TP1912", "a project that has another owner", withClaims({ repository_owner_id: "777" }, "ada/moved")],
  ["TP1903", "a pull request's job", withClaims({ event_name: "pull_request", ref: "refs/pull/7/merge" })],
];

/** Codes that another file tests over HTTP, with a cause that needs more than a token; that file must name the code. */
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  TP1304: "test/security/held-issuer-keys.test.ts",
  TP1603: "packages/authority/src/limits/exchange-limits.test.ts",
  TP1604: "packages/authority/src/token-exchange/clock-set-back.test.ts",
  TP1906: "packages/authority/src/limits/exchange-limits.test.ts",
  TP1911: "test/providers/ci-providers.test.ts",
  TP1921: "test/e2e/publisher-advice.test.ts",
  TP1922: "test/e2e/pending-publisher.test.ts",
  TP1011: "test/protocol/rfc9449-dpop.test.ts",
  TP1202: "test/e2e/end-of-token.test.ts",
  TP1907: "test/e2e/end-of-token.test.ts",
  TP1904: "packages/authority/src/token-exchange/exchange-subject-token.test.ts",
  TP1905: "packages/authority/src/token-exchange/exchange-subject-token.test.ts",
};

describe("a refused exchange", () => {
  it.each(REFUSALS)("is %s for %s", async (code, _what, send) => {
    const { status, headers, json: body, text } = await send();
    expect(body?.code, text).toBe(code);
    const row = Object.entries(EXCHANGE_CODES).find(([name]) => name === code)?.[1];
    expect(body.error).toBe(row?.error);
    expect(status).toBe(row?.error === "temporarily_unavailable" ? 503 : 400);
    expect(body.error_description).toContain(`[${code}]`);
    expect(body.error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/);
    expect(body.request_id).toBe(headers.get("x-request-id"));
    expect(headers.get("x-error-message")).toContain(`[${code}]`);
    expect(headers.get("cache-control")).toContain("no-store");
    expect(body.error_uri).toMatch(/\/errors\/TP\d{4}$/);
    expect(body.access_token).toBeUndefined();
  });

  it("is 503 with a time to come back when the issuer's keys cannot be fetched (TP1303), and nothing is spent", async () => {
    await using broken = await startSimulator();
    const added = await hub.call("POST", "/api/postern/v1/issuers", {
      token: hub.adminToken,
      body: { provider: "github", url: broken.issuerUrl("github"), allow_origins: [broken.origin] },
    });
    expect(added.status, added.text).toBe(201);
    await hub.publisher("models/ada/model", {
      provider: "github",
      issuer: broken.issuerUrl("github"),
      claims: GITHUB_CLAIMS,
    });
    await broken.rotateKeys("github");
    await broken.setFaults("github", [{ kind: "jwks-500" }]);
    const answer = await hub.exchange(await broken.issueToken("github", { audience: hub.url }), "ada/model");
    expect(answer.json.code, answer.text).toBe("TP1303");
    expect(answer.status).toBe(503);
    expect(answer.json.error).toBe("temporarily_unavailable");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("has a test for every code that we send", () => {
    const tested = new Set<string>(["TP1303", ...REFUSALS.map(([code]) => code)]);
    for (const [code, file] of Object.entries(TESTED_ELSEWHERE)) {
      const where = path.join(root, file);
      if (existsSync(where) && readFileSync(where, "utf8").includes(code)) tested.add(code);
    }
    expect(Object.keys(EXCHANGE_CODES).filter((code) => !tested.has(code))).toEqual([]);
  });

  it("says the same for a missing resource, one without publishers and one with other projects' publishers", async () => {
    const answers = await Promise.all(
      ["ada/nothing-here", "ada/bare", "ada/model"].map(async (resource) =>
        hub.exchange(
          await mint({ claims: { repository_id: "31337", repository: "mallory/x", repository_owner_id: "31338" } }),
          resource,
        ),
      ),
    );
    const bodies = answers.map(({ json: { request_id: _id, ...rest } }) => rest);
    expect(bodies[1]).toEqual(bodies[0]);
    expect(bodies[2]).toEqual(bodies[0]);
  });

  it("shows claim by claim what was expected and got, once the configured project is proved by its id", async () => {
    const { json: body } = await hub.exchange(await mint({ claims: { ref: "refs/heads/evil" } }), "ada/by-branch");
    const lines: string[] = body.errors.map(({ message }: { message: string }) => message);
    const branch = lines.find((line) => line.includes("branch"));
    expect(branch).toContain("main");
    expect(branch).toContain("evil");
  });

  it("writes each refusal into the audit log with its code", async () => {
    const { headers } = await hub.exchange(await mint({ claims: { event_name: "pull_request_target" } }), "ada/model");
    const audit = await hub.call("GET", "/api/postern/v1/audit?limit=10000", { token: hub.adminToken });
    const entries = audit.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const entry = entries.find(({ request_id }) => request_id === headers.get("x-request-id"));
    expect(entry).toMatchObject({ event: "token.exchange", outcome: "denied", detail: { code: "TP1901" } });
  });
});
