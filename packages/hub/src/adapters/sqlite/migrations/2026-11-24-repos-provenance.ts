import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS: readonly string[] = [
  `create table provenance_statements (
    id integer primary key,
    repo_id text not null,         -- no foreign key: the first commit's statement is older than the row of its repo
    envelope text not null,        -- DSSE envelope, JSON
    noted integer not null default 0 check (noted in (0, 1)) -- the repo's git notes carry it
  ) strict`,
  "create index provenance_statements_to_note on provenance_statements (repo_id, id) where noted = 0",
  `create table provenance_commits (
    repo_id text not null,
    commit_id text not null,       -- SHA-1, 40 hex digits
    statement_id integer not null, -- the newest one about this commit
    primary key (repo_id, commit_id)
  ) strict, without rowid`,
  "create index provenance_commits_by_statement on provenance_commits (statement_id)",
  "create index provenance_statements_by_repo on provenance_statements (repo_id)",
  `create trigger repos_take_provenance_along after delete on repos begin
    delete from provenance_commits where repo_id = old.repo_id;
    delete from provenance_statements where repo_id = old.repo_id;
  end`,
];

/** Signed statements about who made which commit. */
export const reposProvenance: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
