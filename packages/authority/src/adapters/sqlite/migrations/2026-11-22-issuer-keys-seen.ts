import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The keys that each issuer was last seen with, so that a change is noticed over a restart. */
export const issuerKeysSeen: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(`create table issuer_keys_seen (
    issuer_id text primary key references issuers (id) on delete cascade,
    thumbprints text not null      -- RFC 7638, sorted, with spaces between them
  ) strict, without rowid`)
      .execute(db);
  },
};
