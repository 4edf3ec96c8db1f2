import { addSeconds } from "@postern/core/time/epoch-seconds";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExchangeLimits, NO_LIMITS } from "../limits/exchange-limits.ts";
import {
  type ExchangeStage,
  exchangeFields,
  knownRepo,
  openStage,
  START,
  type WireAnswer,
} from "./exchange-stage.contract.ts";
import { type IssuerKeyPair, type LocalIssuer, rsaKey, signToken, startIssuer } from "./local-issuer.contract.ts";
import { type Claims, GITHUB_PIN, githubClaims, gitlabClaims } from "./provider-claims.contract.ts";

const REPO = "acme/train-model";
const PATH = "/api/postern/v1/exchange/dry-run";

let key: IssuerKeyPair;
let github: LocalIssuer;
let gitlab: LocalIssuer;
let stage: ExchangeStage;

beforeAll(async () => {
  key = rsaKey("k1");
  github = await startIssuer([key], "/github");
  gitlab = await startIssuer([key], "/gitlab");
  stage = await openStage();
  await furnish(stage);
});
afterAll(async () => {
  await stage.close();
  await Promise.all([github.close(), gitlab.close()]);
});

async function furnish(on: ExchangeStage): Promise<void> {
  for (const repo of [REPO, "acme/empty", "acme/gitlab"]) on.repos.push(knownRepo(repo));
  await on.addIssuer("github", github.url);
  await on.addIssuer("gitlab", gitlab.url);
  await on.addPublisher({ resource: REPO, issuer: github.url, claims: GITHUB_PIN, ttlSeconds: 900 });
  await on.addPublisher({ resource: "ada", issuer: github.url, claims: GITHUB_PIN });
  const claims = { project_id: "20", branch: "main" };
  await on.addPublisher({ resource: "acme/gitlab", provider: "gitlab", issuer: gitlab.url, claims });
}

function token(changes: Claims = {}): string {
  return signToken(key, githubClaims(github, changes));
}

function dryRun(subjectToken: string, resource = REPO, on = stage): Promise<WireAnswer> {
  const body = JSON.stringify(exchangeFields(subjectToken, resource));
  return on.post(PATH, body, { "content-type": "application/json" });
}

/** Everything that an exchange could have changed. */
function rows(): readonly number[] {
  return ["grants", "used_subject_tokens", "audit_log", "attempts"].map((table) =>
    Number(stage.database.connection.prepare(`select count(*) from ${table}`).pluck().get()),
  );
}

describe("the dry run", () => {
  it("says what a grant would be, and that every claim is right", async () => {
    const { status, json } = await dryRun(token());
    expect(status).toBe(200);
    expect(json).toMatchObject({
      granted: true,
      code: null,
      publisher: { id: expect.any(String), access: "write" },
      would_expire_in: 900,
      request_id: expect.any(String),
    });
    expect(json.checks).toContainEqual({ claim: "branch", expected: "main", got: "main", ok: true });
    expect(JSON.stringify(json)).not.toContain("hf_jwt_");
  });

  it("takes a form too, and a user as the resource", async () => {
    const body = new URLSearchParams(exchangeFields(token(), "ada")).toString();
    const { json } = await stage.post(PATH, body, { "content-type": "application/x-www-form-urlencoded" });
    expect(json).toMatchObject({ granted: true, publisher: { access: "read" } });
  });

  it("writes nothing, whatever it says, and the token can be exchanged afterwards", async () => {
    const subjectToken = token();
    const before = rows();
    expect((await dryRun(subjectToken)).json.granted).toBe(true);
    expect((await dryRun(subjectToken)).json.granted).toBe(true);
    expect((await dryRun(token({ ref: "refs/heads/dev" }))).json.granted).toBe(false);
    expect((await dryRun("e30.e30.e30")).json.granted).toBe(false);
    expect(rows()).toEqual(before);
    expect((await stage.exchange(subjectToken, REPO)).status).toBe(200);
  });

  it("says that a token was spent before, and when (TP1601)", async () => {
    const subjectToken = token();
    await stage.exchange(subjectToken, REPO);
    const { status, json } = await dryRun(subjectToken);
    expect(status).toBe(200);
    expect(json).toMatchObject({ granted: false, code: "TP1601", error_uri: "/errors/TP1601" });
    expect(json.message).toContain(new Date(START * 1000).toISOString().slice(0, 19));
  });

  it("counts what is left of a token that may be used again (TP1602)", async () => {
    const subjectToken = signToken(key, gitlabClaims(gitlab));
    for (let use = 1; use <= 9; use += 1) await stage.exchange(subjectToken, "acme/gitlab");
    expect((await dryRun(subjectToken, "acme/gitlab")).json.granted).toBe(true);
    await stage.exchange(subjectToken, "acme/gitlab");
    expect((await dryRun(subjectToken, "acme/gitlab")).json).toMatchObject({ granted: false, code: "TP1602" });
  });

  it.each<[string, string, () => string, string]>([
    ["TP1102", "no token", () => "nonsense", REPO],
    ["TP1201", "an unknown issuer", () => token({ iss: "https://issuer.example" }), REPO],
    ["TP1302", "a forged signature", () => signToken(rsaKey("k1"), githubClaims(github)), REPO],
    ["TP1401", "an expired token", () => token({ exp: START - 60 }), REPO],
    ["TP1501", "another audience", () => token({ aud: "https://other.example" }), REPO],
    ["TP1701", "a stranger", () => token({ repository_id: "1", repository_owner_id: "2" }), REPO],
    ["TP1701", "a missing repo", () => token(), "acme/nothing"],
    ["TP1801", "several claims", () => token({ ref: "refs/heads/dev" }), REPO],
    [
      "TP1802",
      "another workflow",
      () => token({ workflow_ref: "acme/train/.github/workflows/x.yml@refs/heads/main" }),
      REPO,
    ],
    ["TP1901", "a risky trigger", () => token({ event_name: "pull_request_target" }), REPO],
  ])("tells exactly what the exchange tells: %s, %s", async (code, _what, make, resource) => {
    const subjectToken = make();
    const dry = await dryRun(subjectToken, resource);
    const real = await stage.exchange(subjectToken, resource);
    expect(dry.status).toBe(200);
    expect(dry.json.code).toBe(code);
    expect({ code: dry.json.code, said: dry.json.message, lines: dry.json.errors }).toEqual({
      code: real.json.code,
      said: real.json.error_description,
      lines: real.json.errors ?? [],
    });
  });

  it("shows checks to whoever proved the id of a publisher, and to nobody else", async () => {
    const own = await dryRun(token({ ref: "refs/heads/dev" }));
    expect(own.json.checks).toContainEqual({ claim: "branch", expected: "main", got: "dev", ok: false });
    const stranger = await dryRun(token({ repository_id: "1", ref: "refs/heads/dev" }));
    expect(stranger.json.checks).toEqual([]);
    expect(JSON.stringify(stranger.json)).not.toContain("456789");
  });

  it.each([
    ["TP1008", { resource: "a b" }],
    ["TP1002", { subject_token: "" }],
    ["TP1005", { subject_token_type: "urn:other" }],
    ["TP1009", { grant_type: "password" }],
  ])("answers 400 %s to a malformed request", async (code, change) => {
    const body = JSON.stringify({ ...exchangeFields(token(), REPO), ...change });
    const { status, json } = await stage.post(PATH, body, { "content-type": "application/json" });
    expect([status, json.code]).toEqual([400, code]);
  });

  it("is limited per address: 429 with the time to wait, and the exchange goes on (TP1906)", async () => {
    const limited = await openStage({
      limits: new ExchangeLimits({ ...NO_LIMITS, dryRunsPerMinute: 2 }, { now: () => addSeconds(START, 0) }),
    });
    try {
      await furnish(limited);
      for (let run = 0; run < 2; run += 1) expect((await dryRun(token(), REPO, limited)).status).toBe(200);
      const third = await dryRun(token(), REPO, limited);
      expect([third.status, third.json.error, third.json.code]).toEqual([429, "slow_down", "TP1906"]);
      expect(third.headers.get("retry-after")).toBe("30");
      expect(third.headers.get("ratelimit-policy")).toBe('"dry-run";q=2;w=60');
      expect(third.headers.get("ratelimit")).toBe('"dry-run";r=0;t=30');
      expect((await limited.exchange(token(), REPO)).status).toBe(200);
    } finally {
      await limited.close();
    }
  });
});
