import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Raw SQL, because the comments then stay in the file and `sqlite3 postern.db .schema` explains itself. */
const STATEMENTS: readonly string[] = [
  // Whether an administrator of the deployment took the repo off: nobody else reads or changes it.
  "alter table repos add column disabled integer not null default 0 check (disabled in (0, 1))",
];

/** Repos that an administrator took off. */
export const takenOff: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
