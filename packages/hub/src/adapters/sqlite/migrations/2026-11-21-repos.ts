import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Raw SQL, because the comments then stay in the file and `sqlite3 postern.db .schema` explains itself. Times are epoch seconds. */
const STATEMENTS: readonly string[] = [
  `create table repos (
    repo_id text not null unique,      -- 24 hex digits, random, never used again; names the directory of the git repo
    repo_key text not null unique,     -- kind:namespace/name in lower case: names are unique without regard to case
    kind text not null check (kind in ('model', 'dataset', 'space', 'kernel')),
    namespace text not null,           -- as its creator spelled it
    name text not null,
    visibility text not null check (visibility in ('public', 'private')),
    created_at integer not null,
    updated_at integer not null,       -- last commit or change of settings
    created_by text not null,
    seq integer primary key autoincrement -- order of creation
  ) strict`,
  "create index repos_by_kind on repos (kind, seq)",
  "create index repos_by_namespace on repos (namespace collate nocase, kind, seq)",
];

/** The catalogue of repos. */
export const repos: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
