import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Where an exchange must come from. */
export const sourceAddresses: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // JSON array of addresses and CIDR ranges; empty: from anywhere.
    await sql.raw("alter table publishers add column source_addresses text not null default '[]'").execute(db);
  },
};
