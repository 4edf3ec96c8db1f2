import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addSeconds } from "@postern/core/time/epoch-seconds";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ExpiredRowSweeper } from "../adapters/sqlite/expired-row-sweeper.ts";
import { type ExchangeStage, exchangeFields, knownRepo, openStage, START } from "./exchange-stage.contract.ts";
import { ExchangeRun } from "./interleavings/exchange-run.contract.ts";
import type { ExchangeStep } from "./interleavings/exchange-step.contract.ts";
import { RestartableAuthority } from "./interleavings/restartable-authority.contract.ts";
import { type IssuerKeyPair, type LocalIssuer, rsaKey, signToken, startIssuer } from "./local-issuer.contract.ts";
import { GITHUB_PIN, githubClaims } from "./provider-claims.contract.ts";

const REPO = "acme/train-model";
const LIFE = 300;
/** The first second at which a spent token of that life is swept: leeway 30, margin 60. */
const SWEPT_AFTER = LIFE + 91;

describe("a clock that is set back after spent tokens were swept", () => {
  let key: IssuerKeyPair;
  let github: LocalIssuer;
  let stage: ExchangeStage;

  beforeAll(async () => {
    key = rsaKey("k1");
    github = await startIssuer([key]);
  });
  afterAll(async () => github.close());
  beforeEach(async () => {
    stage = await openStage();
    stage.repos.push(knownRepo(REPO));
    await stage.addIssuer("github", github.url);
    await stage.addPublisher({ resource: REPO, issuer: github.url, claims: GITHUB_PIN });
    return () => stage.close();
  });

  it("does not open a spent token again (TP1604), to the exchange and to its dry run alike", async () => {
    const spent = token(START + LIFE);
    expect((await stage.exchange(spent, REPO)).status).toBe(200);
    expect(await sweepAt(SWEPT_AFTER)).toBe(1);
    setClock(60);
    const before = stage.grants();
    const refused = await stage.exchange(spent, REPO);
    expect([refused.status, refused.json.error, refused.json.code]).toEqual([400, "invalid_grant", "TP1604"]);
    const body = JSON.stringify(exchangeFields(spent, REPO));
    const dry = await stage.post("/api/postern/v1/exchange/dry-run", body, { "content-type": "application/json" });
    expect(dry.json).toMatchObject({ granted: false, code: "TP1604" });
    expect(stage.grants()).toBe(before);
  });

  it("refuses no token that outlives all that were swept, however far the clock had been ahead", async () => {
    await stage.exchange(token(START + LIFE), REPO);
    expect(await sweepAt(7 * 86_400)).toBeGreaterThanOrEqual(1);
    setClock(0);
    expect((await stage.exchange(token(START + LIFE), REPO)).json.code).toBe("TP1604");
    expect((await stage.exchange(token(START + LIFE + 1), REPO)).status).toBe(200);
  });

  it("remembers the highest end that was swept, whatever is swept later", async () => {
    await stage.exchange(token(START + LIFE), REPO);
    await sweepAt(SWEPT_AFTER);
    setClock(0);
    const longer = token(START + LIFE + 1);
    expect((await stage.exchange(longer, REPO)).status).toBe(200);
    stage.database.connection.prepare("update used_subject_tokens set retain_until = ?").run(START - 1);
    expect(await sweepAt(0)).toBe(1);
    expect((await stage.exchange(token(START + LIFE), REPO)).json.code).toBe("TP1604");
  });

  it("asks nothing of issuers whose tokens were not swept", async () => {
    const other = await startIssuer([key]);
    try {
      await stage.addIssuer("github", other.url);
      await stage.addPublisher({ resource: REPO, issuer: other.url, claims: GITHUB_PIN });
      await stage.exchange(token(START + LIFE), REPO);
      await sweepAt(SWEPT_AFTER);
      setClock(0);
      expect((await stage.exchange(token(START + LIFE, other), REPO)).status).toBe(200);
    } finally {
      await other.close();
    }
  });

  function token(exp: number, issuer = github): string {
    return signToken(key, githubClaims(issuer, { iat: START, exp, jti: `${issuer.url} ${Math.random()}` }));
  }

  /** Seconds from the beginning. */
  function setClock(seconds: number): void {
    stage.clock.time = addSeconds(START, seconds);
  }

  async function sweepAt(seconds: number): Promise<number> {
    setClock(seconds);
    return new ExpiredRowSweeper(stage.database, { now: () => stage.clock.time }).sweep();
  }
});

it("is known over a restart, before and after the clock is set back", async () => {
  const directory = mkdtempSync(join(tmpdir(), "postern-set-back-"));
  const authority = await RestartableAuthority.open(join(directory, "postern.db"), []);
  const seen = new Map<string, number>();
  const again: ExchangeStep = { kind: "replay", token: 0, target: 0, copies: 1, isResigned: false };
  const restart: ExchangeStep = { kind: "restart" };
  try {
    await new ExchangeRun(authority, undefined, seen).perform([
      { kind: "add-publisher", issuer: 0, target: 0, ref: "main", access: "write", ttlSeconds: 900 },
      {
        kind: "exchange",
        issuer: 0,
        target: 0,
        ref: "main",
        jti: "own",
        key: "newest",
        life: LIFE,
        age: 0,
        isForUs: true,
        copies: 1,
      },
      { kind: "step-clock", seconds: SWEPT_AFTER },
      { kind: "sweep" },
      restart,
      { kind: "step-clock", seconds: -300 },
      again,
      restart,
      again,
    ]);
    expect([seen.get("granted at 0"), seen.get("TP1604")]).toEqual([1, 2]);
  } finally {
    await authority.close();
    rmSync(directory, { recursive: true });
  }
});
