import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** What sweeping forgot of each issuer's spent subject tokens, so that a clock set back opens none of them again. */
export const spentTokenHorizons: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(`create table spent_token_horizons (
    issuer text primary key,
    swept_through integer not null -- highest retain_until of a row that was swept, seconds since 1970; only ever rises
  ) strict, without rowid`)
      .execute(db);
  },
};
