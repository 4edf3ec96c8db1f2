import { createHash, createHmac } from "node:crypto";
import { ApiError } from "@postern/core/error/api-error";
import { addSeconds } from "@postern/core/time/epoch-seconds";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AUDIENCE,
  type ExchangeStage,
  exchangeFields,
  knownRepo,
  openStage,
  START,
  type WireAnswer,
} from "./exchange-stage.contract.ts";
import {
  base64url,
  ecKey,
  type IssuerKeyPair,
  type LocalIssuer,
  publicJwk,
  rsaKey,
  sendJson,
  signText,
  signToken,
  startIssuer,
} from "./local-issuer.contract.ts";
import { type Claims, GITHUB_PIN, githubClaims, gitlabClaims } from "./provider-claims.contract.ts";

let key: IssuerKeyPair;
let stranger: IssuerKeyPair;
let github: LocalIssuer;
let gitlab: LocalIssuer;
let custom: LocalIssuer;
let off: LocalIssuer;
let p256: IssuerKeyPair;
let p384: IssuerKeyPair;
let stage: ExchangeStage;

const REPO = "acme/train-model";

beforeAll(async () => {
  key = rsaKey("k1");
  stranger = rsaKey("k1");
  p256 = ecKey("e256", "P-256");
  p384 = ecKey("e384", "P-384");
  github = await startIssuer([key], "/github");
  gitlab = await startIssuer([key], "/gitlab");
  custom = await startIssuer([key, p256, p384]);
  off = await startIssuer([key]);
  stage = await openStage();
  for (const resource of [
    REPO,
    "acme/empty",
    "acme/strict",
    "acme/read",
    "acme/no-owner",
    "acme/owner-only",
    "acme/moved",
    "acme/gitlab",
    "acme/custom",
    "datasets/acme/train",
  ])
    stage.repos.push(knownRepo(resource));
  await stage.addIssuer("github", github.url);
  await stage.addIssuer("gitlab", gitlab.url);
  await stage.addIssuer("custom", custom.url);
  await stage.addIssuer("github", off.url, [], false);
  const issuer = github.url;
  await stage.addPublisher({ resource: REPO, issuer, claims: GITHUB_PIN });
  await stage.addPublisher({ resource: "datasets/acme/train", issuer, claims: GITHUB_PIN, ttlSeconds: 600 });
  await stage.addPublisher({ resource: "acme/read", issuer, claims: GITHUB_PIN, access: "read" });
  await stage.addPublisher({
    resource: "acme/strict",
    issuer,
    claims: {
      ...GITHUB_PIN,
      environment: "release",
      event_name: "push",
      runner_environment: "github-hosted",
      actor: "octocat",
      called_workflow_repo: "acme/train",
    },
  });
  const { repository_owner_id, ...unowned } = GITHUB_PIN;
  await stage.addPublisher({ resource: "acme/no-owner", issuer, claims: unowned });
  await stage.addPublisher({
    resource: "acme/owner-only",
    issuer,
    claims: { repository_owner_id, repository_owner: "acme" },
  });
  await stage.addPublisher({ resource: "acme/moved", issuer, claims: GITHUB_PIN });
  await stage.addPublisher({ resource: "ada", issuer, claims: GITHUB_PIN });
  await stage.addPublisher({
    resource: "acme/gitlab",
    provider: "gitlab",
    issuer: gitlab.url,
    claims: { project_id: "20", branch: "main", workflow: ".gitlab-ci.yml" },
  });
  await stage.addPublisher({
    resource: "acme/custom",
    provider: "custom",
    issuer: custom.url,
    claims: { sub: "robot", "/org/id": 7 },
  });
});

afterAll(async () => {
  await stage.close();
  await Promise.all([github, gitlab, custom, off].map((issuer) => issuer.close()));
});

function token(changes: Claims = {}, header?: Record<string, unknown>): string {
  return signToken(key, githubClaims(github, changes), header);
}

function customToken(changes: Claims = {}, signer = key, alg = "RS256"): string {
  const claims = {
    iss: custom.url,
    aud: AUDIENCE,
    sub: "robot",
    iat: START,
    exp: START + 300,
    org: { id: 7 },
    ...changes,
  };
  return signToken(signer, claims, { alg, kid: signer.kid });
}

function lines(answer: WireAnswer): string {
  return JSON.stringify(answer.json.errors ?? []);
}

describe("an exchange that is granted", () => {
  it("answers with a bearer token for the one repo, not to be stored", async () => {
    const answer = await stage.exchange(token(), REPO);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      access_token: expect.stringMatching(/^hf_jwt_[A-Za-z0-9._-]+$/),
      token_type: "bearer",
      expires_in: 3600,
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    });
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("takes a form as well as JSON, and an audience that repeats ours", async () => {
    const body = new URLSearchParams({ ...exchangeFields(token(), REPO), audience: AUDIENCE }).toString();
    const answer = await stage.post("/oauth/token", body, { "content-type": "application/x-www-form-urlencoded" });
    expect(answer.status).toBe(200);
  });

  it("lives as long as the publisher says", async () => {
    expect((await stage.exchange(token(), "datasets/acme/train")).json.expires_in).toBe(600);
  });

  it("reads for a user, with a token of the other kind", async () => {
    expect((await stage.exchange(token(), "ada")).json.access_token).toMatch(/^hf_oauth_/);
    const { detail } = (await stage.auditEvents()).at(-1) ?? {};
    expect(detail).toMatchObject({ access: "read" });
  });

  it("names a user as the account is spelled, however the job wrote it", async () => {
    expect((await stage.exchange(token(), "ADA")).status).toBe(200);
    expect(stage.database.connection.prepare("select namespace from grants order by rowid desc").pluck().get()).toBe(
      "ada",
    );
  });

  it("gives a read token for a publisher with read access", async () => {
    expect((await stage.exchange(token(), "acme/read")).status).toBe(200);
    expect((await stage.auditEvents()).at(-1)?.detail).toMatchObject({ access: "read" });
  });

  it("is written down with the job, the publisher and the digest, never the token", async () => {
    const subjectToken = token();
    const { json } = await stage.exchange(subjectToken, REPO);
    const entry = (await stage.auditEvents()).at(-1);
    expect(entry).toMatchObject({
      event: "token.exchange",
      outcome: "allowed",
      resource: `models/${REPO}`,
      detail: {
        issuer: github.url,
        run_url: "https://github.com/acme/train/actions/runs/8812",
        subject_token_sha256: createHash("sha256").update(subjectToken).digest("hex"),
      },
    });
    expect(JSON.stringify(entry)).not.toContain(subjectToken);
    expect(JSON.stringify(entry)).not.toContain(json.access_token);
  });

  it("takes an audience in an array of one", async () => {
    expect((await stage.exchange(token({ aud: [AUDIENCE] }), REPO)).status).toBe(200);
  });

  it("compares owner and repository without regard to ASCII case, as GitHub does", async () => {
    const changes = {
      repository: "Acme/Train",
      workflow_ref: "Acme/Train/.github/workflows/publish.yml@refs/heads/main",
    };
    expect((await stage.exchange(token(changes), REPO)).status).toBe(200);
  });

  it("accepts ES256 and ES384 from a custom issuer", async () => {
    expect((await stage.exchange(customToken({ jti: "es256" }, p256, "ES256"), "acme/custom")).status).toBe(200);
    expect((await stage.exchange(customToken({ jti: "es384" }, p384, "ES384"), "acme/custom")).status).toBe(200);
  });
});

type Refused = readonly [code: string, what: string, answer: () => Promise<WireAnswer>];

function json(changes: Record<string, unknown>): Promise<WireAnswer> {
  const body = JSON.stringify({ ...exchangeFields(token(), REPO), ...changes });
  return stage.post("/oauth/token", body, { "content-type": "application/json" });
}

function form(body: string): Promise<WireAnswer> {
  return stage.post("/oauth/token", body, { "content-type": "application/x-www-form-urlencoded" });
}

function rawPayload(payload: string): string {
  const header = base64url({ alg: "RS256", typ: "JWT", kid: "k1" });
  return signText(key, `${header}.${Buffer.from(payload).toString("base64url")}`);
}

const REQUESTS: readonly Refused[] = [
  ["TP1001", "a body of another type", () => stage.post("/oauth/token", "x", { "content-type": "text/plain" })],
  ["TP1001", "a JSON array", () => stage.post("/oauth/token", "[]", { "content-type": "application/json" })],
  ["TP1002", "no subject token", () => json({ subject_token: "" })],
  ["TP1002", "no resource", () => json({ resource: undefined })],
  ["TP1002", "no grant type", () => json({ grant_type: undefined })],
  [
    "TP1003",
    "a repeated form parameter",
    () => form(`${new URLSearchParams(exchangeFields(token(), REPO))}&resource=acme/b`),
  ],
  [
    "TP1003",
    "a repeated JSON member",
    () =>
      stage.post("/oauth/token", JSON.stringify(exchangeFields(token(), REPO)).replace("{", '{"resource":"acme/b",'), {
        "content-type": "application/json",
      }),
  ],
  ["TP1004", "a resource that is a list", () => json({ resource: [REPO] })],
  [
    "TP1005",
    "a subject token of another type",
    () => json({ subject_token_type: "urn:ietf:params:oauth:token-type:jwt" }),
  ],
  [
    "TP1006",
    "an Authorization header",
    () =>
      stage.post("/oauth/token", JSON.stringify(exchangeFields(token(), REPO)), {
        "content-type": "application/json",
        authorization: "Bearer x",
      }),
  ],
  ["TP1007", "an audience that is another service", () => json({ audience: "https://other.example" })],
  ["TP1007", "an actor token", () => json({ actor_token: "x" })],
  ["TP1007", "a scope", () => json({ scope: "write-repos" })],
  [
    "TP1007",
    "a refresh token wanted",
    () => json({ requested_token_type: "urn:ietf:params:oauth:token-type:refresh_token" }),
  ],
  ["TP1008", "an encoded resource", () => json({ resource: "datasets%2Facme/train" })],
  ["TP1008", "a resource with dot segments", () => json({ resource: "acme/../train" })],
  [
    "TP1010",
    "a token in the address",
    () =>
      stage.post("/oauth/token?subject_token=x", JSON.stringify(exchangeFields(token(), REPO)), {
        "content-type": "application/json",
      }),
  ],
];

const TOKENS: readonly Refused[] = [
  ["TP1101", "more than 16 KiB", () => stage.exchange(token({ padding: "x".repeat(16_384) }), REPO)],
  ["TP1101", "more than the endpoint reads at all", () => stage.exchange("x".repeat(70_000), REPO)],
  ["TP1102", "two parts", () => stage.exchange("e30.e30", REPO)],
  ["TP1102", "four parts", () => stage.exchange(`${token()}.e30`, REPO)],
  ["TP1102", "a padded part", () => stage.exchange(`${token()}=`, REPO)],
  ["TP1102", "no signature", () => stage.exchange(token().replace(/[^.]*$/, ""), REPO)],
  ["TP1102", "a base64 character that base64url lacks", () => stage.exchange(`+${token()}`, REPO)],
  [
    "TP1103",
    "a repeated aud",
    () => stage.exchange(rawPayload(`{"aud":"${AUDIENCE}",${JSON.stringify(githubClaims(github)).slice(1)}`), REPO),
  ],
  [
    "TP1103",
    "a repeated name in disguise",
    () => stage.exchange(rawPayload(`{"\\u0061ud":"x",${JSON.stringify(githubClaims(github)).slice(1)}`), REPO),
  ],
  ["TP1103", "nine levels", () => stage.exchange(token({ deep: [[[[[[[[1]]]]]]]] }), REPO)],
  ["TP1103", "a payload that is no object", () => stage.exchange(rawPayload("[]"), REPO)],
  [
    "TP1103",
    "a payload that is no UTF-8",
    () =>
      stage.exchange(
        signText(key, `${base64url({ alg: "RS256" })}.${Buffer.from([0x7b, 0xff, 0x7d]).toString("base64url")}`),
        REPO,
      ),
  ],
  ...["jku", "x5u", "jwk", "x5c", "crit", "b64", "zip"].map(
    (name): Refused => [
      "TP1104",
      `a header with ${name}`,
      () => stage.exchange(token({}, { alg: "RS256", kid: "k1", [name]: ["b64"] }), REPO),
    ],
  ),
  ["TP1104", "an endless kid", () => stage.exchange(token({}, { alg: "RS256", kid: "k".repeat(257) }), REPO)],
  ["TP1105", "alg none", () => stage.exchange(token({}, { alg: "none", kid: "k1" }), REPO)],
  [
    "TP1105",
    "an algorithm that GitHub does not use",
    () => stage.exchange(signToken(p256, githubClaims(github), { alg: "ES256", kid: "e256" }), REPO),
  ],
  ["TP1106", "an access token", () => stage.exchange(token({}, { alg: "RS256", typ: "at+jwt", kid: "k1" }), REPO)],
  ["TP1107", "no iss", () => stage.exchange(token({ iss: undefined }), REPO)],
  ["TP1107", "no sub", () => stage.exchange(token({ sub: undefined }), REPO)],
  ["TP1107", "a jti that is a number", () => stage.exchange(token({ jti: 7 }), REPO)],
  ["TP1201", "an unknown issuer", () => stage.exchange(token({ iss: "https://issuer.example" }), REPO)],
  ["TP1201", "an issuer with one slash more", () => stage.exchange(token({ iss: `${github.url}/` }), REPO)],
  ["TP1202", "an issuer that is switched off", () => stage.exchange(token({ iss: off.url }), REPO)],
  ["TP1301", "an unknown key", () => stage.exchange(token({}, { alg: "RS256", kid: "k2" }), REPO)],
  ["TP1301", "a key of another algorithm", () => stage.exchange(customToken({}, key, "ES256"), "acme/custom")],
  ["TP1302", "another key under the same kid", () => stage.exchange(signToken(stranger, githubClaims(github)), REPO)],
  [
    "TP1302",
    "a signature in DER",
    () => stage.exchange(`${customToken({}, p256, "ES256").replace(/[^.]*$/, "")}MEQCIA`, "acme/custom"),
  ],
  ["TP1401", "an expired token", () => stage.exchange(token({ exp: START - 30 }), REPO)],
  ["TP1402", "a token that is not valid yet", () => stage.exchange(token({ nbf: START + 31 }), REPO)],
  ["TP1403", "a token from the future", () => stage.exchange(token({ iat: START + 31 }), REPO)],
  ["TP1404", "a token that is too old", () => stage.exchange(token({ iat: START - 3630 }), REPO)],
  ["TP1405", "a token without exp", () => stage.exchange(token({ exp: undefined }), REPO)],
  ["TP1405", "a token whose iat is a string", () => stage.exchange(token({ iat: String(START) }), REPO)],
  ["TP1501", "another audience", () => stage.exchange(token({ aud: "https://other.example" }), REPO)],
  ["TP1501", "our audience with a slash", () => stage.exchange(token({ aud: `${AUDIENCE}/` }), REPO)],
  ["TP1502", "no audience", () => stage.exchange(token({ aud: undefined }), REPO)],
  ["TP1503", "two audiences", () => stage.exchange(token({ aud: [AUDIENCE, "https://other.example"] }), REPO)],
];

const strict = (changes: Claims): Promise<WireAnswer> =>
  stage.exchange(token({ environment: "release", ...changes }), "acme/strict");

const MATCHES: readonly Refused[] = [
  ["TP1701", "a repo that does not exist", () => stage.exchange(token(), "acme/nothing")],
  ["TP1701", "a repo without publishers", () => stage.exchange(token(), "acme/empty")],
  ["TP1701", "a user without publishers", () => stage.exchange(token(), "nobody")],
  [
    "TP1701",
    "a reborn repository with the same names",
    () => stage.exchange(token({ repository_id: "999", repository_owner_id: "888" }), REPO),
  ],
  ["TP1701", "another issuer with the same claims", () => stage.exchange(signToken(key, githubClaims(custom)), REPO)],
  ["TP1701", "a number where the publisher has a string", () => stage.exchange(token({ repository_id: 456789 }), REPO)],
  [
    "TP1801",
    "a wrong branch and a wrong workflow",
    () => strict({ ref: "refs/heads/evil", workflow_ref: "acme/train/.github/workflows/evil.yml@refs/heads/evil" }),
  ],
  [
    "TP1802",
    "another workflow",
    () => strict({ workflow_ref: "acme/train/.github/workflows/evil.yml@refs/heads/main" }),
  ],
  [
    "TP1803",
    "a branch of another name",
    () =>
      strict({ ref: "refs/heads/main2", workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/main2" }),
  ],
  ["TP1804", "an empty environment", () => strict({ environment: "" })],
  [
    "TP1805",
    "a renamed repository whose owner is not pinned",
    () =>
      stage.exchange(
        token({
          repository: "acme/renamed",
          workflow_ref: "acme/renamed/.github/workflows/publish.yml@refs/heads/main",
        }),
        "acme/no-owner",
      ),
  ],
  ["TP1806", "an owner of another name", () => stage.exchange(token({ repository_owner: "acme2" }), "acme/owner-only")],
  ["TP1807", "another event", () => strict({ event_name: "schedule" })],
  [
    "TP1808",
    "another reusable workflow",
    () => strict({ job_workflow_ref: "evil/ci/.github/workflows/publish.yml@refs/heads/main" }),
  ],
  ["TP1809", "another runner", () => strict({ runner_environment: "self-hosted" })],
  ["TP1810", "another actor", () => strict({ actor: "mallory" })],
  ["TP1901", "pull_request_target", () => stage.exchange(token({ event_name: "pull_request_target" }), REPO)],
  ["TP1902", "workflow_run", () => stage.exchange(token({ event_name: "workflow_run" }), REPO)],
  [
    "TP1903",
    "a pull request",
    () => stage.exchange(token({ event_name: "pull_request", ref: "refs/pull/7/merge" }), REPO),
  ],
  ["TP1912", "a transferred repository", () => stage.exchange(token({ repository_owner_id: "777" }), "acme/moved")],
  [
    "TP1902",
    "a GitLab merge request",
    () =>
      stage.exchange(signToken(key, gitlabClaims(gitlab, { pipeline_source: "merge_request_event" })), "acme/gitlab"),
  ],
  [
    "TP1903",
    "a GitLab fork that runs in its parent",
    () => stage.exchange(signToken(key, gitlabClaims(gitlab, { job_project_id: "666" })), "acme/gitlab"),
  ],
];

describe("a refused exchange", () => {
  it.each(REQUESTS)("is invalid_request %s for %s", async (code, _what, ask) => {
    const answer = await ask();
    expect(answer.json).toMatchObject({ error: "invalid_request", code });
    expect(answer.status).toBe(400);
  });

  it.each([...TOKENS, ...MATCHES])("is invalid_grant %s for %s", async (code, _what, ask) => {
    const before = stage.grants();
    const answer = await ask();
    expect(answer.json).toMatchObject({ error: "invalid_grant", code, error_uri: `/errors/${code}` });
    expect(answer.json.error_description).toMatch(new RegExp(`^\\[${code}\\] `));
    expect(answer.status).toBe(400);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(stage.grants()).toBe(before);
  });

  it("is unsupported_grant_type for a grant that is not served", async () => {
    const answer = await json({ grant_type: "authorization_code" });
    expect(answer.json).toMatchObject({ error: "unsupported_grant_type", code: "TP1009" });
  });

  it("refuses HS256 with the issuer's public key as the secret", async () => {
    const pem = key.publicKey.export({ type: "spki", format: "pem" });
    const input = `${base64url({ alg: "HS256", kid: "k1" })}.${base64url(githubClaims(github))}`;
    const forged = `${input}.${createHmac("sha256", pem).update(input).digest("base64url")}`;
    expect((await stage.exchange(forged, REPO)).json.code).toBe("TP1105");
  });

  it("accepts a token one second before each limit", async () => {
    const limits = [{ exp: START - 29 }, { nbf: START + 30 }, { iat: START + 30 }, { iat: START - 3629 }];
    for (const limit of limits) expect((await stage.exchange(token(limit), REPO)).status).toBe(200);
  });

  it("is written down with its code and the digest, and names the job once the issuer has vouched for it", async () => {
    const subjectToken = token({ event_name: "pull_request_target" });
    await stage.exchange(subjectToken, REPO);
    expect((await stage.auditEvents()).at(-1)).toMatchObject({
      event: "token.exchange",
      outcome: "denied",
      resource: `models/${REPO}`,
      detail: {
        code: "TP1901",
        issuer: github.url,
        subject_token_sha256: createHash("sha256").update(subjectToken).digest("hex"),
      },
    });
  });

  it("makes no outbound request for an issuer that is not stored, whatever the header says", async () => {
    const trap = await startIssuer([key]);
    try {
      await stage.exchange(token({ iss: trap.url }), REPO);
      await stage.exchange(token({}, { alg: "RS256", kid: "k1", jku: `${trap.url}/jwks` }), REPO);
      expect(trap.connections()).toBe(0);
    } finally {
      await trap.close();
    }
  });
});

describe("what a refused caller may learn", () => {
  it("is the same for a missing repo, an empty one and one of a stranger", async () => {
    const strangers = { repository_id: "1", repository_owner_id: "2" };
    const answers = await Promise.all(
      ["acme/nothing", "acme/empty", REPO].map((resource) => stage.exchange(token(strangers), resource)),
    );
    const bodies = answers.map(({ json: { request_id: _id, ...body } }) => body);
    expect(bodies[1]).toEqual(bodies[0]);
    expect(bodies[2]).toEqual(bodies[0]);
  });

  it("is every claim with expected and got, when the caller proves the repository's id", async () => {
    const answer = await strict({
      ref: "refs/heads/dev",
      workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/dev",
    });
    expect(lines(answer)).toContain("branch: expected main, got dev");
    expect(lines(answer)).toContain("workflow: ok (publish.yml)");
  });

  it("is no expected value when only the names are equal", async () => {
    const answer = await stage.exchange(token({ repository_id: "999", environment: "x" }), "acme/strict");
    expect(JSON.stringify(answer.json)).not.toContain("release");
    expect(JSON.stringify(answer.json)).not.toContain("456789");
  });

  it("is never the list of issuers", async () => {
    const answer = await stage.exchange(token({ iss: "https://issuer.example" }), REPO);
    expect(JSON.stringify(answer.json)).not.toContain(github.url);
  });

  it("does not tell a stranger whether a publisher accepts a risky event", async () => {
    stage.repos.push(knownRepo("acme/bridge"));
    const claims = { ...GITHUB_PIN, event_name: "workflow_run" };
    await stage.addPublisher({ resource: "acme/bridge", issuer: github.url, claims });
    const risky = { event_name: "workflow_run" };
    expect((await stage.exchange(token(risky), "acme/bridge")).status).toBe(200);
    expect((await stage.exchange(token({ ...risky, repository_id: "1" }), "acme/bridge")).json.code).toBe("TP1902");
  });
});

describe("one subject token", () => {
  it("gives exactly one grant when two exchanges race (TP1601)", async () => {
    const before = stage.grants();
    const raced = token();
    const answers = await Promise.all([1, 2, 3, 4].map(() => stage.exchange(raced, REPO)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
    for (const { json } of answers.filter(({ status }) => status !== 200)) expect(json.code).toBe("TP1601");
    expect(stage.grants()).toBe(before + 1);
  });

  it("is not spent by a failed match", async () => {
    const subjectToken = token();
    expect((await stage.exchange(subjectToken, "acme/empty")).json.code).toBe("TP1701");
    expect((await stage.exchange(subjectToken, REPO)).status).toBe(200);
  });

  it("stays refused until it could not verify any more", async () => {
    const subjectToken = token();
    await stage.exchange(subjectToken, REPO);
    stage.clock.time = epochAt(329);
    try {
      expect((await stage.exchange(subjectToken, REPO)).json.code).toBe("TP1601");
      stage.clock.time = epochAt(330);
      expect((await stage.exchange(subjectToken, REPO)).json.code).toBe("TP1401");
    } finally {
      stage.clock.time = START;
    }
  });

  it("is counted per issuer: the same jti of two issuers works twice", async () => {
    const jti = "shared-jti";
    expect((await stage.exchange(token({ jti }), REPO)).status).toBe(200);
    expect((await stage.exchange(customToken({ jti }), "acme/custom")).status).toBe(200);
  });

  it("of GitLab works ten times for one resource, and for no other (TP1602)", async () => {
    const subjectToken = signToken(key, gitlabClaims(gitlab));
    stage.repos.push(knownRepo("acme/gitlab-2"));
    await stage.addPublisher({
      resource: "acme/gitlab-2",
      provider: "gitlab",
      issuer: gitlab.url,
      claims: { project_id: "20" },
    });
    for (let use = 1; use <= 10; use += 1) expect((await stage.exchange(subjectToken, "acme/gitlab")).status).toBe(200);
    expect((await stage.exchange(subjectToken, "acme/gitlab")).json.code).toBe("TP1602");
    expect((await stage.exchange(subjectToken, "acme/gitlab-2")).json.code).toBe("TP1602");
  });

  it("without jti is known by what was signed, even when its signature is changed into another valid one", async () => {
    stage.repos.push(knownRepo("acme/custom-2"));
    await stage.addPublisher({
      resource: "acme/custom-2",
      provider: "custom",
      issuer: custom.url,
      claims: { sub: "robot" },
    });
    const first = customToken({ note: "no jti" }, p256, "ES256");
    const again = customToken({ note: "no jti" }, p256, "ES256");
    expect(again).not.toBe(first);
    expect((await stage.exchange(first, "acme/custom")).status).toBe(200);
    expect((await stage.exchange(again, "acme/custom-2")).json.code).toBe("TP1602");
  });
});

describe("when something is gone or down", () => {
  it("is refused when the publisher was removed between match and grant (TP1904)", async () => {
    const { deps } = stage;
    const late = await openStage({
      issuers: deps.issuers,
      keys: deps.keys,
      publishers: deps.publishers,
      resources: deps.resources,
    });
    try {
      // Its ledger has a database of its own, in which this publisher does not exist any more.
      expect((await late.exchange(token(), REPO)).json).toMatchObject({ error: "invalid_grant", code: "TP1904" });
    } finally {
      await late.close();
    }
  });

  it("is 503 and hands out nothing when the grant cannot be written (TP1905)", async () => {
    const own = await openStage({
      issuers: stage.deps.issuers,
      keys: stage.deps.keys,
      publishers: stage.deps.publishers,
      resources: stage.deps.resources,
    });
    await own.database.commits.close();
    const answer = await own.exchange(token(), REPO);
    expect(answer.json).toMatchObject({ error: "temporarily_unavailable", code: "TP1905" });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    await own.close();
  });

  it("is 503 when a refusal cannot be written (TP1905)", async () => {
    const audit = { record: () => Promise.reject(new ApiError("audit_unavailable", "The disk is full.")) };
    const own = await openStage({ audit });
    expect((await own.exchange("e30", REPO)).json).toMatchObject({ code: "TP1905" });
    await own.close();
  });

  it("is 503 with a time to come back when the issuer's keys cannot be fetched (TP1303), and nothing is spent", async () => {
    const issuer = await startIssuer([key]);
    issuer.answers.set("/jwks", (_request, response) => response.writeHead(500).end());
    stage.repos.push(knownRepo("acme/down"));
    await stage.addIssuer("github", issuer.url);
    await stage.addPublisher({ resource: "acme/down", issuer: issuer.url, claims: GITHUB_PIN });
    const subjectToken = signToken(key, githubClaims(issuer));
    const answer = await stage.exchange(subjectToken, "acme/down");
    expect(answer.status).toBe(503);
    expect(answer.json).toMatchObject({ error: "temporarily_unavailable", code: "TP1303" });
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    issuer.answers.set("/jwks", (_request, response) => sendJson(response, { keys: [publicJwk(key)] }));
    stage.clock.time = epochAt(5);
    expect((await stage.exchange(subjectToken, "acme/down")).status).toBe(200);
    stage.clock.time = START;
    await issuer.close();
  });
});

function epochAt(offset: number): typeof START {
  return addSeconds(START, offset);
}
