import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Raw SQL, because the comments then stay in the file and `sqlite3 postern.db .schema` explains itself. Times are epoch seconds. */
const STATEMENTS: readonly string[] = [
  // A name is in `repos` or here, never in both: whoever writes to one looks at the other in the same transaction.
  `create table held_names (
    repo_key text primary key,         -- as in repos
    repo_id text not null unique,      -- what the repo will have
    kind text not null check (kind in ('model', 'dataset', 'space', 'kernel')),
    namespace text not null,
    name text not null,
    visibility text not null check (visibility in ('public', 'private')),
    held_by text not null,             -- the account that asked for it
    expires_at integer not null        -- from then on the row means nothing
  ) strict, without rowid`,
  "create index held_names_by_holder on held_names (held_by collate nocase)",
  "create index held_names_by_end on held_names (expires_at)",
  // Whether personal tokens are refused where they would write.
  "alter table repos add column trusted_publishing_only integer not null default 0 check (trusted_publishing_only in (0, 1))",
];

/** Names that pending publishers hold, and repos that only trusted publishers write to. */
export const heldNames: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
