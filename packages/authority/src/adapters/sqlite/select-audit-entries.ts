import type Database from "better-sqlite3";
import type { AuditEntry } from "../../audit/audit-entry.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

/** Entries in the order of their numbers. */
export function selectEntriesAfter(
  connection: Database.Database,
): PreparedQuery<{ readonly seq: number; readonly limit: number }, AuditEntry> {
  return prepareQuery(connection, (db, bind) =>
    db.selectFrom("audit_log").selectAll().where("seq", ">", bind("seq")).orderBy("seq").limit(bind("limit")),
  );
}
