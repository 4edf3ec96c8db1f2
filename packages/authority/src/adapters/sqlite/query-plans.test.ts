import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { NOW } from "../store-fixtures.contract.ts";
import { AuditAppender } from "./audit-appender.ts";
import { ExpiredRowSweeper } from "./expired-row-sweeper.ts";
import { SqliteAccountStore } from "./sqlite-account-store.ts";
import { SqliteAttemptStore } from "./sqlite-attempt-store.ts";
import { SqliteAuditLog } from "./sqlite-audit-log.ts";
import { SqliteGrantLedger } from "./sqlite-grant-ledger.ts";
import { SqliteIssuerStore } from "./sqlite-issuer-store.ts";
import { SqlitePublisherStore } from "./sqlite-publisher-store.ts";
import { SqliteSpentTokens } from "./sqlite-spent-tokens.ts";
import { SqliteTokenStore } from "./sqlite-token-store.ts";
import { type TemporaryDatabase, temporaryDatabase } from "./temporary-database.contract.ts";

/** Tables that are read from end to end on purpose: what they list is shown whole. */
const LISTED = ["accounts", "issuers", "publishers USING INDEX publishers_switched_off"];

let temporary: TemporaryDatabase;

beforeEach(async () => {
  temporary = await temporaryDatabase();
});
afterEach(() => temporary.remove());

it("answers every query through an index, so that a million publishers cost what one costs", () => {
  const { database } = temporary;
  const prepare = vi.spyOn(database.connection, "prepare");
  new AuditAppender(database.connection, () => 0);
  new ExpiredRowSweeper(database, { now: () => NOW });
  for (const Store of [
    SqliteAccountStore,
    SqliteAttemptStore,
    SqliteAuditLog,
    SqliteGrantLedger,
    SqliteIssuerStore,
    SqlitePublisherStore,
    SqliteSpentTokens,
    SqliteTokenStore,
  ])
    new Store(database);
  const statements = prepare.mock.calls.map(([sql]) => sql);
  prepare.mockRestore();
  expect(statements.length).toBeGreaterThan(30);

  const scans = statements.flatMap((sql) =>
    database.connection
      .prepare<unknown[], { readonly detail: string }>(`explain query plan ${sql}`)
      .all(...Array.from(sql.matchAll(/\?/g), () => null))
      .map(({ detail }) => detail)
      // A limited look at one end of a table, in the order of its key, stops after the first rows.
      .filter((detail) => detail.startsWith("SCAN") && !/from "\w+" order by "(?:seq|id)"(?: desc)? limit/.test(sql))
      .filter((detail) => !LISTED.some((table) => detail.startsWith(`SCAN ${table}`))),
  );
  expect(scans).toEqual([]);
});
