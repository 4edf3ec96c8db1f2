import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Publishers whose provider signs only for what is registered with it. */
export const publisherAudience: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // Null: tokens must be meant for this deployment.
    await sql.raw("alter table publishers add column audience text").execute(db);
  },
};
