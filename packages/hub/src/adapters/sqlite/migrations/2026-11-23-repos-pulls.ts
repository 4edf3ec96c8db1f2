import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Raw SQL, because the comments then stay in the file and `sqlite3 postern.db .schema` explains itself. Times are epoch seconds. */
const STATEMENTS: readonly string[] = [
  // Rows only go with their repo, so that a number is never used again.
  `create table discussions (
    repo_id text not null references repos (repo_id) on delete cascade,
    num integer not null,              -- from 1; a pull request's commits are at refs/pr/NUM
    title text not null,
    status text not null check (status in ('open', 'closed', 'draft', 'merged')),
    author_kind text not null check (author_kind in ('user', 'workload')),
    author_name text not null,
    created_at integer not null,
    target text,                       -- refs/heads/…; null for a discussion
    merge_base text,                   -- where the target was before the merge
    merge_commit text,                 -- what it became
    primary key (repo_id, num)
  ) strict, without rowid`,
  "create index discussions_by_author on discussions (repo_id, author_name collate nocase, status)",
  `create table discussion_events (
    seq integer primary key autoincrement,
    event_id text not null unique,     -- 24 hex digits
    repo_id text not null,
    num integer not null,
    author_kind text not null check (author_kind in ('user', 'workload')),
    author_name text not null,
    created_at integer not null,
    data text not null,                -- JSON: type and what belongs to it
    foreign key (repo_id, num) references discussions (repo_id, num) on delete cascade
  ) strict`,
  "create index discussion_events_by_discussion on discussion_events (repo_id, num, seq)",
  // What people who may not write were let upload for a pull request, so that there is an end to it.
  `create table pull_uploads (
    repo_id text not null references repos (repo_id) on delete cascade,
    user_key text not null,            -- the account's name in lower case
    oid text not null,                 -- SHA-256 of the LFS object
    size integer not null,             -- bytes
    asked_at integer not null,
    primary key (repo_id, user_key, oid)
  ) strict, without rowid`,
  "create index pull_uploads_by_user on pull_uploads (user_key, asked_at)",
];

/** Discussions, pull requests, and what was uploaded for them. */
export const pulls: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
