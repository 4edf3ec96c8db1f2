import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Raw SQL, because the comments then stay in the file and `sqlite3 postern.db .schema` explains itself. Times are epoch seconds. */
const STATEMENTS: readonly string[] = [
  // Ends with its repo. The bytes stay in the store: other repos may hold them, and removing them is the work of a collector.
  `create table lfs_links (
    repo_id text not null references repos (repo_id) on delete cascade,
    oid text not null,                 -- SHA-256 of the object, 64 hex digits; its path in the store
    size integer not null,             -- bytes
    linked_at integer not null default (unixepoch()),
    primary key (repo_id, oid)
  ) strict, without rowid`,
  "create index lfs_links_by_object on lfs_links (oid)",
];

/** Which repo holds which LFS object. */
export const lfsLinks: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
