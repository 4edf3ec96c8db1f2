import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The keys of an issuer that an administrator stands behind, where others are held. */
export const confirmedIssuerKeys: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // Null: whatever keys the issuer shows are used. Otherwise RFC 7638 thumbprints with spaces between them; empty: none.
    await sql.raw("alter table issuers add column confirmed_keys text").execute(db);
  },
};
