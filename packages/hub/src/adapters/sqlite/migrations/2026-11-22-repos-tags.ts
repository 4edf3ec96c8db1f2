import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Raw SQL, because the comments then stay in the file and `sqlite3 postern.db .schema` explains itself. */
const STATEMENTS: readonly string[] = [
  // What the card on main says, written whenever main moves. A hint for listings: it may be lost in a crash, and the next move mends it.
  `create table repo_tags (
    repo_id text not null references repos (repo_id) on delete cascade,
    tag_key text not null,             -- lower case
    tag text not null,                 -- as the card spells it
    place integer not null,            -- order on the card
    primary key (repo_id, tag_key)
  ) strict, without rowid`,
  "create index repo_tags_by_tag on repo_tags (tag_key)",
  "alter table repos add column pipeline_tag text",
  "alter table repos add column library_name text",
  "create index repos_by_update on repos (kind, updated_at, seq)",
];

/** Tags of repos, for lists and filters. */
export const repoTags: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
