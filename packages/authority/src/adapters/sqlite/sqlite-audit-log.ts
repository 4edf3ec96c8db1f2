import type { AuditEvent } from "@postern/core/audit/audit-event";
import { type AuditEntry, type AuditHead, EMPTY_HEAD } from "../../audit/audit-entry.ts";
import type { AuditLog } from "../../audit/audit-log.ts";
import type { AuditReader } from "../../audit/audit-reader.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";
import { selectEntriesAfter } from "./select-audit-entries.ts";

/** The audit log in `postern.db`. */
export class SqliteAuditLog implements AuditLog, AuditReader {
  readonly #database: AuthorityDatabase;
  readonly #head: PreparedQuery<Record<never, never>, AuditHead>;
  readonly #page: PreparedQuery<{ readonly seq: number; readonly limit: number }, AuditEntry>;

  constructor(database: AuthorityDatabase) {
    this.#database = database;
    this.#head = prepareQuery(database.connection, (db) =>
      db.selectFrom("audit_log").select(["seq", "hash"]).orderBy("seq", "desc").limit(1),
    );
    this.#page = selectEntriesAfter(database.connection);
  }

  record(event: AuditEvent): Promise<void> {
    return this.#database.commits.submit((audit) => audit.append(event));
  }

  /** The head, once everything up to it would survive a power cut. */
  durableHead(): Promise<AuditHead> {
    return this.#database.commits.submit((audit) => audit.head);
  }

  async head(): Promise<AuditHead> {
    return this.#head.get({}) ?? EMPTY_HEAD;
  }

  async entriesAfter(seq: number, limit: number): Promise<readonly AuditEntry[]> {
    return this.#page.all({ seq, limit });
  }
}
