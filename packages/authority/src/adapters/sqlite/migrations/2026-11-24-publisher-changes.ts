import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** SQLite cannot take a constraint off a table, so the table is built anew and the rows move over. */
const STATEMENTS: readonly string[] = [
  `create table new_publishers (
    id text primary key,
    target_key text not null,      -- repo:<repo id> or user:<lower-case name>
    repo_kind text,                -- the four repo columns are null for a user target, except namespace: the user's name
    repo_id text,
    namespace text not null,
    repo_name text,
    provider text not null,
    issuer text not null,
    claims text not null,          -- canonical JSON, keys sorted: equal claims are equal text
    access text not null check (access in ('read', 'write')),
    ttl_seconds integer not null,
    source_addresses text not null default '[]', -- JSON array of addresses and CIDR ranges; empty: from anywhere
    audience text not null default '', -- exact aud of its tokens; empty: this deployment's own
    enabled integer not null check (enabled in (0, 1)),
    created_at integer not null,
    created_by text not null,
    last_used_at integer,
    revoked_through integer not null default 0, -- every grant up to this id is revoked
    pin_address integer not null default 0 check (pin_address in (0, 1)), -- 1: tokens that it earns work only from the address of their exchange
    change text,                   -- a rename or transfer that waits to be confirmed: canonical JSON of its kind and the new claims
    change_seen_at integer,
    frozen integer not null default 0 check (frozen in (0, 1)), -- 1 while a transfer waits: earns nothing
    renamed text,                  -- the rename that was accepted without asking: canonical JSON of the claims before it
    renamed_at integer,
    unique (target_key, issuer, claims, access, audience) -- its prefix is the look-up of every exchange
  ) strict`,
  `insert into new_publishers (id, target_key, repo_kind, repo_id, namespace, repo_name, provider, issuer, claims, access,
     ttl_seconds, source_addresses, audience, enabled, created_at, created_by, last_used_at, revoked_through, pin_address)
   select id, target_key, repo_kind, repo_id, namespace, repo_name, provider, issuer, claims, access,
     ttl_seconds, source_addresses, coalesce(audience, ''), enabled, created_at, created_by, last_used_at, revoked_through, pin_address
   from publishers`,
  "drop table publishers",
  "alter table new_publishers rename to publishers",
  "create index publishers_by_issuer on publishers (issuer)",
  "create index publishers_switched_off on publishers (id) where enabled = 0",
];

/** Renames and transfers of a publisher's project; two publishers may differ in their audience alone. */
export const publisherChanges: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
