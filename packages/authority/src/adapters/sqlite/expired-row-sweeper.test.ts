import { addSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventNamed, GITHUB, grant, NOW, publisher, use } from "../store-fixtures.contract.ts";
import { ExpiredRowSweeper } from "./expired-row-sweeper.ts";
import { SqliteAttemptStore } from "./sqlite-attempt-store.ts";
import { SqliteGrantLedger } from "./sqlite-grant-ledger.ts";
import { SqlitePublisherStore } from "./sqlite-publisher-store.ts";
import { type TemporaryDatabase, temporaryDatabase } from "./temporary-database.contract.ts";

const COUNT = 250;

let temporary: TemporaryDatabase;

beforeEach(async () => {
  temporary = await temporaryDatabase();
  await new SqlitePublisherStore(temporary.database).add(publisher("p-1"), eventNamed("publisher.add"));
  const ledger = new SqliteGrantLedger(temporary.database);
  const issued = Array.from({ length: COUNT }, (_, index) =>
    ledger.issue({ ...use(), replayKey: `jti-${index}` }, grant(`t-${index}`), eventNamed("token.exchange")),
  );
  await Promise.all(issued);
});
afterEach(() => temporary.remove());

describe("ExpiredRowSweeper", () => {
  it("keeps a spent subject token to the last second at which it could verify", async () => {
    expect(await at(400).sweepBatch()).toBe(0);
    expect(await at(401).sweepBatch()).toBe(200);
    expect(await at(401).sweepBatch()).toBe(50);
    expect(await at(401).sweepBatch()).toBe(0);
    expect([count("used_subject_tokens"), count("grants")]).toEqual([0, COUNT]);
  });

  it("removes grants an hour after their tokens expired, in small batches", async () => {
    await at(7200).sweep();
    expect(count("grants")).toBe(COUNT);
    expect(await at(7201).sweepBatch()).toBe(200);
    expect(await at(7201).sweepBatch()).toBe(49);
    expect(await at(7201).sweepBatch()).toBe(0);
  });

  it("keeps the newest grant, so that no grant ever gets the id of an earlier one", async () => {
    const newest = idOfNewest();
    await at(100_000).sweep();
    expect(idOfNewest()).toBe(newest);
    expect(count("grants")).toBe(1);
  });

  it("removes attempts thirty days after they were last made", async () => {
    const { target } = publisher("p-1");
    const attempts = new SqliteAttemptStore(temporary.database);
    const made = {
      target,
      sameAs: "a",
      provider: "github",
      issuer: GITHUB,
      code: "TP1701",
      message: "",
      at: NOW,
    } as const;
    const attempt = { ...made, claims: {}, checks: [], publisherId: undefined, runUrl: undefined };
    await attempts.record(attempt, eventNamed("token.exchange"));
    await at(30 * 86_400).sweep();
    expect(count("attempts")).toBe(1);
    await at(30 * 86_400 + 1).sweep();
    expect(count("attempts")).toBe(0);
  });

  it("is no audit event, and no audit entry is ever swept", async () => {
    expect(await at(100_000).sweep()).toBe(2 * COUNT - 1);
    expect(count("audit_log")).toBe(COUNT + 1);
  });
});

function at(seconds: number): ExpiredRowSweeper {
  return new ExpiredRowSweeper(temporary.database, { now: () => addSeconds(NOW, seconds) });
}

function idOfNewest(): number {
  return Number(temporary.database.connection.prepare("select max(id) from grants").pluck().get());
}

function count(table: string): number {
  return Number(temporary.database.connection.prepare(`select count(*) from ${table}`).pluck().get());
}
