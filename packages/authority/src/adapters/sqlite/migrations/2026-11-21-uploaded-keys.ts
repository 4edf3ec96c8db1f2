import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Issuers whose keys an administrator uploaded, because this server cannot reach them: private clusters. */
export const uploadedKeys: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // Null: the keys are fetched. Otherwise a public JWK set as JSON; no private member ever gets here.
    await sql.raw("alter table issuers add column key_set text").execute(db);
  },
};
