import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS: readonly string[] = [
  // Null for keys from before rotation existed: they signed from their first second.
  "alter table signing_keys add column signs_from integer",
  // Every grant up to this id is revoked; ids only grow (see `ExpiredRowSweeper`).
  "alter table publishers add column revoked_through integer not null default 0",
  "create index publishers_switched_off on publishers (id) where enabled = 0",
  `create table switches (
    name text primary key,         -- what can be switched off; a switch without a row is on
    reason text not null,          -- in the administrator's words, shown to those who are refused
    switched_off_at integer not null,
    switched_off_by text not null
  ) strict`,
];

/** When a signing key takes over, up to where a publisher's grants are revoked, and what an administrator switched off. */
export const keyRotationAndSwitches: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
