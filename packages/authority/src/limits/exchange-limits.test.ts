import { addSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ExchangeStage,
  knownRepo,
  openStage,
  START,
  type WireAnswer,
} from "../token-exchange/exchange-stage.contract.ts";
import {
  type IssuerKeyPair,
  type LocalIssuer,
  rsaKey,
  signToken,
  startIssuer,
} from "../token-exchange/local-issuer.contract.ts";
import { type Claims, GITHUB_PIN, githubClaims } from "../token-exchange/provider-claims.contract.ts";
import { ExchangeLimits, type LimitSettings, NO_LIMITS } from "./exchange-limits.ts";

const REPO = "acme/train-model";
const key: IssuerKeyPair = rsaKey("k1");

let github: LocalIssuer;
let stage: ExchangeStage | undefined;

beforeEach(async () => {
  github = await startIssuer([key], "/github");
});
afterEach(async () => {
  await stage?.close();
  await github.close();
});

async function open(limits: Partial<LimitSettings>): Promise<ExchangeStage> {
  const clock = { now: () => START };
  const opened = await openStage({ limits: new ExchangeLimits({ ...NO_LIMITS, ...limits }, clock) });
  stage = opened;
  opened.repos.push(knownRepo(REPO), knownRepo("acme/empty"));
  await opened.addIssuer("github", github.url);
  await opened.addPublisher({ resource: REPO, issuer: github.url, claims: GITHUB_PIN });
  return opened;
}

function token(changes: Claims = {}, header?: Record<string, unknown>): string {
  return signToken(key, githubClaims(github, changes), header);
}

function seenAs({ status, json }: WireAnswer): readonly unknown[] {
  return [status, json.error, json.code];
}

const SLOW_DOWN = [429, "slow_down", "TP1906"];

describe("refused exchanges of one address", () => {
  it("are 429 with Retry-After and RateLimit when they are too many, and good tokens are granted all the while", async () => {
    const on = await open({ refusedPerMinute: 3 });
    for (let refusal = 0; refusal < 3; refusal += 1)
      expect((await on.exchange(token(), "acme/empty")).json.code).toBe("TP1701");
    const fourth = await on.exchange(token(), "acme/empty");
    expect(seenAs(fourth)).toEqual(SLOW_DOWN);
    expect(fourth.headers.get("retry-after")).toBe("20");
    expect(fourth.headers.get("ratelimit")).toBe('"refused";r=0;t=20');
    expect(fourth.headers.get("ratelimit-policy")).toBe('"refused";q=3;w=60');
    expect((await on.exchange(token(), REPO)).status).toBe(200);
    expect(seenAs(await on.exchange("nonsense", REPO))).toEqual(SLOW_DOWN);
  });

  it("count malformed requests too", async () => {
    const on = await open({ refusedPerMinute: 1 });
    const send = () => on.post("/oauth/token", "{", { "content-type": "application/json" });
    expect(seenAs(await send())).toEqual([400, "invalid_request", "TP1001"]);
    expect(seenAs(await send())).toEqual(SLOW_DOWN);
  });

  it("fill neither the audit log nor an owner's list", async () => {
    const on = await open({ refusedPerMinute: 2 });
    const before = (await on.auditEvents()).length;
    for (let refusal = 0; refusal < 20; refusal += 1) await on.exchange(token({ sub: `s${refusal}` }), "acme/empty");
    const written = (await on.auditEvents()).slice(before).map(({ detail }) => detail);
    expect(written).toEqual([
      expect.objectContaining({ code: "TP1701" }),
      expect.objectContaining({ code: "TP1701" }),
      expect.objectContaining({ code: "TP1906", limit: "refused" }),
    ]);
  });
});

describe("granted exchanges of one publisher", () => {
  it("are limited when the operator says so, and other publishers are not", async () => {
    const on = await open({ grantsPerMinute: 2 });
    await on.addPublisher({ resource: "ada", issuer: github.url, claims: GITHUB_PIN });
    for (let grant = 0; grant < 2; grant += 1) expect((await on.exchange(token(), REPO)).status).toBe(200);
    const subjectToken = token();
    expect(seenAs(await on.exchange(subjectToken, REPO))).toEqual(SLOW_DOWN);
    // Nothing was spent.
    expect((await on.exchange(subjectToken, "ada")).status).toBe(200);
  });
});

describe("one subject token", () => {
  it("is refused as such when it was refused too often (TP1603), and another token of the same job is not", async () => {
    const on = await open({ tokenFailures: 3 });
    const probing = token();
    for (let index = 0; index < 3; index += 1)
      expect((await on.exchange(probing, `acme/guess-${index}`)).json.code).toBe("TP1701");
    const answer = await on.exchange(probing, REPO);
    expect(seenAs(answer)).toEqual([400, "invalid_grant", "TP1603"]);
    expect((await on.exchange(token(), REPO)).status).toBe(200);
  });

  it("is counted by dry runs as well", async () => {
    const on = await open({ tokenFailures: 2 });
    const probing = token();
    const body = (resource: string) =>
      JSON.stringify({
        subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
        subject_token: probing,
        resource,
      });
    for (const resource of ["acme/guess-1", "acme/guess-2"])
      await on.post("/api/postern/v1/exchange/dry-run", body(resource), { "content-type": "application/json" });
    expect((await on.exchange(probing, REPO)).json.code).toBe("TP1603");
  });
});

describe("unknown key ids of one address", () => {
  it("cause no more questions to the issuer, and known keys go on working", async () => {
    const on = await open({ unknownKeysPerMinute: 2 });
    expect((await on.exchange(token(), REPO)).status).toBe(200);
    const unknown = (kid: string) => on.exchange(token({}, { alg: "RS256", kid }), REPO);
    expect((await unknown("x1")).json.code).toBe("TP1301");
    expect((await unknown("x2")).json.code).toBe("TP1301");
    const asked = github.requests.length;
    // The pause between two questions is over; this address has used up its share, so a key of its making asks nothing.
    on.clock.time = addSeconds(START, 61);
    expect((await unknown("x3")).json.code).toBe("TP1301");
    expect(github.requests).toHaveLength(asked);
    expect((await on.exchange(token(), REPO)).status).toBe(200);
  });
});
