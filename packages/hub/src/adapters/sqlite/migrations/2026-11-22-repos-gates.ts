import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Raw SQL, because the comments then stay in the file and `sqlite3 postern.db .schema` explains itself. Times are epoch seconds. */
const STATEMENTS: readonly string[] = [
  // How readers are let in; null: the files are as open as the repo.
  "alter table repos add column gated text check (gated in ('auto', 'manual'))",
  // Ends with its repo. Who may read is decided from these rows on every request.
  `create table access_requests (
    repo_id text not null references repos (repo_id) on delete cascade,
    user_key text not null,            -- the account's name in lower case
    user_name text not null,           -- as stored when the request was made
    fullname text not null,
    email text,                        -- null where somebody was let in unasked
    status text not null check (status in ('pending', 'accepted', 'rejected', 'reset')),
    requested_at integer not null,
    reviewed_at integer,
    granted_by text,                   -- the account that accepted; null where the gate did
    rejection_reason text,
    fields text,                       -- JSON object of the form's answers
    primary key (repo_id, user_key)
  ) strict, without rowid`,
  "create index access_requests_by_time on access_requests (repo_id, status, requested_at, user_key)",
];

/** Gated repos, and who asked to read them. */
export const accessRequests: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
