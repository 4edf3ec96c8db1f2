import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Raw SQL, because the comments then stay in the file and `sqlite3 postern.db .schema` explains itself. Times are epoch seconds. */
const STATEMENTS: readonly string[] = [
  // Leads to a repo by its id, so that a chain of moves resolves in one step. Ends with the repo, or when the name is taken again.
  `create table former_names (
    repo_key text primary key,         -- as in repos
    repo_id text not null references repos (repo_id) on delete cascade,
    moved_at integer not null
  ) strict, without rowid`,
  "create index former_names_by_repo on former_names (repo_id, moved_at)",
];

/** Names that repos had before they were moved. */
export const formerNames: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
