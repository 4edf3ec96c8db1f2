import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { AuditLog } from "../../audit/audit-log.ts";
import type { AuthorityDatabase } from "./authority-database.ts";

/** The audit log in `postern.db`. */
export class SqliteAuditLog implements AuditLog {
  readonly #database: AuthorityDatabase;

  constructor(database: AuthorityDatabase) {
    this.#database = database;
  }

  record(event: AuditEvent): Promise<void> {
    return this.#database.commits.submit((audit) => audit.append(event));
  }
}
