import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NOW, type OpenedStores } from "../store-fixtures.contract.ts";
import { type AuthorityDatabase, openAuthorityDatabase } from "./authority-database.ts";
import { SqliteAccountStore } from "./sqlite-account-store.ts";
import { SqliteAttemptStore } from "./sqlite-attempt-store.ts";
import { SqliteAuditLog } from "./sqlite-audit-log.ts";
import { SqliteGrantLedger } from "./sqlite-grant-ledger.ts";
import { SqliteIssuerStore } from "./sqlite-issuer-store.ts";
import { SqlitePublisherStore } from "./sqlite-publisher-store.ts";
import { SqliteTokenStore } from "./sqlite-token-store.ts";

/** A database in a directory of its own, removed with it. */
export interface TemporaryDatabase {
  readonly path: string;
  readonly database: AuthorityDatabase;
  remove(): Promise<void>;
}

export async function temporaryDatabase(): Promise<TemporaryDatabase> {
  const directory = mkdtempSync(join(tmpdir(), "postern-authority-"));
  const path = join(directory, "postern.db");
  const database = await openAuthorityDatabase({ path, nowMs: () => NOW * 1000 });
  return {
    path,
    database,
    remove: async () => {
      await database.close();
      rmSync(directory, { recursive: true });
    },
  };
}

export async function openSqliteStores(): Promise<OpenedStores> {
  const { database, remove } = await temporaryDatabase();
  return {
    ledger: new SqliteGrantLedger(database),
    publishers: new SqlitePublisherStore(database),
    issuers: new SqliteIssuerStore(database),
    accounts: new SqliteAccountStore(database),
    tokens: new SqliteTokenStore(database),
    attempts: new SqliteAttemptStore(database),
    audit: new SqliteAuditLog(database),
    close: remove,
  };
}
