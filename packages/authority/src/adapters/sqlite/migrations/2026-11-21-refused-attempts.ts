import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS: readonly string[] = [
  `create table attempts (
    id integer primary key,
    target_key text not null,      -- as in publishers; repo: without an id holds those on resources that do not exist
    same_as text not null,         -- SHA-256 over what makes two attempts equal
    provider text not null,
    issuer text not null,
    code text not null,
    message text not null,
    claims text not null,          -- JSON: what the job sent, in the shape of a publisher
    checks text not null,          -- JSON array
    publisher_id text,             -- set: the job proved this publisher's immutable id
    run_url text,
    first_at integer not null,
    last_at integer not null,
    count integer not null,
    unique (target_key, same_as)
  ) strict`,
  "create index attempts_by_time on attempts (target_key, last_at, id)",
  "create index attempts_by_end on attempts (last_at)",
];

/** Refused exchanges, for the owners of the resources. */
export const refusedAttempts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
