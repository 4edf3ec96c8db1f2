import { addSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ExchangeStage, knownRepo, openStage, person, START } from "../token-exchange/exchange-stage.contract.ts";
import {
  type IssuerKeyPair,
  type LocalIssuer,
  rsaKey,
  signToken,
  startIssuer,
} from "../token-exchange/local-issuer.contract.ts";
import { type Claims, GITHUB_PIN, githubClaims } from "../token-exchange/provider-claims.contract.ts";

const REPO = "acme/train-model";
const LIST = `/models/${REPO}/attempts`;
const key: IssuerKeyPair = rsaKey("k1");
const STRANGER: Claims = { repository: "evil/train", repository_id: "666", repository_owner_id: "667" };

let github: LocalIssuer;
let stage: ExchangeStage;

beforeEach(async () => {
  github = await startIssuer([key], "/github");
  stage = await openStage();
  stage.repos.push(knownRepo(REPO), knownRepo("acme/empty"));
  await stage.addIssuer("github", github.url);
  stage.principals.set("owner", person("acme"));
  stage.principals.set("reader", person("bob"));
});
afterEach(async () => {
  await stage.close();
  await github.close();
});

function token(changes: Claims = {}): string {
  return signToken(key, githubClaims(github, changes));
}

function onBranch(branch: string): Claims {
  const ref = `refs/heads/${branch}`;
  return { ref, workflow_ref: `acme/train/.github/workflows/publish.yml@${ref}` };
}

// biome-ignore lint/suspicious/noExplicitAny: tests read what they assert
async function attempts(path = LIST): Promise<any[]> {
  const { status, json } = await stage.call("GET", path, "owner");
  expect(status).toBe(200);
  return Array.isArray(json.attempts) ? json.attempts : [];
}

function stored(): number {
  return Number(stage.database.connection.prepare("select count(*) from attempts").pluck().get());
}

describe("attempts", () => {
  beforeEach(() => stage.addPublisher({ resource: REPO, issuer: github.url, claims: GITHUB_PIN }));

  it("show the owner what the job sent, what is configured, and the run", async () => {
    await stage.exchange(token({ ...onBranch("dev"), run_id: "77" }), REPO);
    expect(await attempts()).toEqual([
      expect.objectContaining({
        id: expect.any(String),
        at: "2026-11-18T11:06:40.000Z",
        first_at: "2026-11-18T11:06:40.000Z",
        code: "TP1803",
        message: expect.stringContaining("branch: expected main, got dev"),
        provider: "github",
        issuer: github.url,
        claims: expect.objectContaining({ repository_id: "456789", branch: "dev", workflow: "publish.yml" }),
        checks: expect.arrayContaining([{ claim: "branch", expected: "main", got: "dev", ok: false }]),
        run_url: expect.stringMatching(/\/acme\/train\/actions\/runs\/77$/),
        count: 1,
      }),
    ]);
  });

  it("are one per cause: the same mistake again is counted, with its newest run", async () => {
    await stage.exchange(token({ ...onBranch("dev"), run_id: "1" }), REPO);
    stage.clock.time = addSeconds(START, 60);
    await stage.exchange(token({ ...onBranch("dev"), run_id: "2" }), REPO);
    await stage.exchange(token(onBranch("other")), REPO);
    const list = await attempts();
    expect(list).toHaveLength(2);
    expect(list.find(({ count }) => count === 2)).toMatchObject({
      first_at: "2026-11-18T11:06:40.000Z",
      at: "2026-11-18T11:07:40.000Z",
      run_url: expect.stringMatching(/\/2$/),
    });
  });

  it.each<[string, string, () => string]>([
    ["TP1401", "an expired token", () => token({ exp: START - 60 })],
    ["TP1501", "a token for another service", () => token({ aud: "https://other.example" })],
    ["TP1701", "a token of a stranger", () => token(STRANGER)],
    ["TP1901", "a risky trigger", () => token({ event_name: "pull_request_target" })],
  ])("are kept once the issuer has vouched for the token: %s, %s", async (code, _what, make) => {
    await stage.exchange(make(), REPO);
    expect((await attempts()).map((attempt) => attempt.code)).toEqual([code]);
  });

  it("are not made by anybody whom no issuer vouches for", async () => {
    await stage.exchange("nonsense", REPO);
    await stage.exchange(signToken(rsaKey("k1"), githubClaims(github)), REPO);
    await stage.exchange(token({ iss: "https://issuer.example" }), REPO);
    await stage.exchange(signToken(key, githubClaims(github), { alg: "RS256", kid: "unknown" }), REPO);
    expect(stored()).toBe(0);
  });

  it("on a missing repo or user are listed nowhere, and share one cap", async () => {
    await stage.exchange(token(), "acme/nothing");
    await stage.exchange(token(), "nobody");
    const keys = stage.database.connection.prepare("select distinct target_key from attempts").pluck().all();
    expect(keys).toEqual(["repo:"]);
    expect((await stage.call("GET", "/models/acme/nothing/attempts", "owner")).status).toBe(404);
  });

  it("are committed with the refusal's audit entry or not at all", async () => {
    const { connection } = stage.database;
    const before = (await stage.auditEvents()).length;
    connection.exec("create trigger no_audit before insert on audit_log begin select raise(abort, 'full'); end");
    expect((await stage.exchange(token(onBranch("dev")), REPO)).json.code).toBe("TP1905");
    connection.exec("drop trigger no_audit");
    expect([stored(), (await stage.auditEvents()).length]).toEqual([0, before]);
    await stage.exchange(token(onBranch("dev")), REPO);
    expect([stored(), (await stage.auditEvents()).length]).toEqual([1, before + 1]);
  });

  it("never hold the token", async () => {
    const subjectToken = token(onBranch("dev"));
    await stage.exchange(subjectToken, REPO);
    const text = JSON.stringify(stage.database.connection.prepare("select * from attempts").all());
    expect(text).not.toContain(subjectToken.split(".")[2]);
    expect(text).not.toContain("jti-");
  });

  it("are for whoever may see the publishers", async () => {
    expect((await stage.call("GET", LIST)).status).toBe(401);
    expect((await stage.call("GET", LIST, "reader")).status).toBe(403);
    expect((await stage.call("GET", "/users/acme/attempts", "owner")).status).toBe(200);
    expect((await stage.call("GET", "/users/acme/attempts", "reader")).status).toBe(403);
  });

  it("come in pages, newest first, each attempt once", async () => {
    for (let index = 0; index < 5; index += 1) {
      stage.clock.time = addSeconds(START, Math.floor(index / 2));
      await stage.exchange(token(onBranch(`b${index}`)), REPO);
    }
    const seen: string[] = [];
    let next: unknown = "";
    while (next !== null) {
      const query: string = next === "" ? "" : `&after=${String(next)}`;
      const { json } = await stage.call("GET", `${LIST}?limit=2${query}`, "owner");
      if (!Array.isArray(json.attempts)) throw new Error("no list");
      seen.push(...json.attempts.map(({ claims }) => claims.branch));
      next = json.next;
    }
    expect(seen).toEqual(["b4", "b3", "b2", "b1", "b0"]);
    expect((await stage.call("GET", `${LIST}?after=x`, "owner")).json).toMatchObject({ code: "invalid_field" });
  });
});

describe("what an owner is advised", () => {
  it("is a publisher with the values of the job, when its ids are the pinned ones", async () => {
    const publisher = await stage.addPublisher({ resource: REPO, issuer: github.url, claims: GITHUB_PIN });
    await stage.exchange(token(onBranch("dev")), REPO);
    expect((await attempts())[0].advice).toEqual({
      kind: "use-these-values",
      publisher: { provider: "github", issuer: github.url, claims: { ...GITHUB_PIN, branch: "dev" } },
      replaces: publisher.id,
    });
  });

  it("drops a claim that the job does not have", async () => {
    await stage.addPublisher({ resource: REPO, issuer: github.url, claims: { ...GITHUB_PIN, environment: "release" } });
    await stage.exchange(token(), REPO);
    expect((await attempts())[0].advice).toMatchObject({ publisher: { claims: GITHUB_PIN } });
  });

  it("is a first publisher where the resource has none", async () => {
    await stage.exchange(token(), REPO);
    expect((await attempts())[0].advice).toEqual({
      kind: "use-these-values",
      publisher: { provider: "github", issuer: github.url, claims: GITHUB_PIN },
    });
  });

  it("is a warning when the name is the same and the id is not: the name was registered again", async () => {
    await stage.addPublisher({ resource: REPO, issuer: github.url, claims: GITHUB_PIN });
    await stage.exchange(token({ repository_id: "666" }), REPO);
    const [{ advice }] = await attempts();
    expect(advice.kind).toBe("takeover");
    expect(advice.warning).toMatch(/acme\/train with another id.*666.*456789.*registered again/);
    expect(advice.publisher).toBeUndefined();
  });

  it("is a warning when the owner changed: the repository was transferred", async () => {
    await stage.addPublisher({ resource: REPO, issuer: github.url, claims: GITHUB_PIN });
    await stage.exchange(token({ repository_owner: "evil", repository_owner_id: "667" }), REPO);
    expect((await attempts())[0]).toMatchObject({
      code: "TP1912",
      advice: { kind: "takeover", warning: expect.stringMatching(/repository_owner_id is 667.*publisher confirm/) },
    });
  });

  it("is a warning for a stranger's project", async () => {
    await stage.addPublisher({ resource: REPO, issuer: github.url, claims: GITHUB_PIN });
    await stage.exchange(token(STRANGER), REPO);
    expect((await attempts())[0].advice.warning).toMatch(/belongs to somebody else/);
  });

  it("is nothing where no publisher would have helped", async () => {
    await stage.exchange(token({ exp: START - 60 }), REPO);
    expect((await attempts())[0].advice).toBeUndefined();
  });
});
