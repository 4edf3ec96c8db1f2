import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS: readonly string[] = [
  // Times do not tell which key came later once the clock was set back. Rows were only ever added at the end.
  "alter table signing_keys add column position integer not null default 0",
  "update signing_keys set position = rowid",
];

/** Which signing key came after which, whatever the clock said. */
export const signingKeyOrder: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
