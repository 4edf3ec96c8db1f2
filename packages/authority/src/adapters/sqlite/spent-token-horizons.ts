import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type Database from "better-sqlite3";
import type { SpentTokenHorizonRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

/**
 * Through which moment the spent subject tokens of each issuer were swept.
 *
 * A clock that is set back would make a swept token valid again, and its row is gone. So a token that would have been remembered no
 * longer than one that was swept is not known to be unspent. It is the swept rows' own end and not the clock's time, or one sweep while
 * the clock ran a day ahead would refuse every honest token of the day after it was set right.
 */
export class SpentTokenHorizons {
  readonly #find: PreparedQuery<{ readonly issuer: string }, Pick<SpentTokenHorizonRow, "swept_through">>;
  readonly #raise: PreparedQuery<SpentTokenHorizonRow, unknown>;

  constructor(connection: Database.Database) {
    this.#find = prepareQuery(connection, (db, bind) =>
      db.selectFrom("spent_token_horizons").select("swept_through").where("issuer", "=", bind("issuer")),
    );
    this.#raise = prepareQuery(connection, (db, bind) =>
      db
        .insertInto("spent_token_horizons")
        .values({ issuer: bind("issuer"), swept_through: bind("swept_through") })
        .onConflict((conflict) =>
          conflict
            .column("issuer")
            .doUpdateSet({ swept_through: bind("swept_through") })
            .whereRef("spent_token_horizons.swept_through", "<", "excluded.swept_through"),
        ),
    );
  }

  /** Whether a spent token that is remembered until then may have been swept already. */
  mayHaveSwept(issuer: string, retainUntil: EpochSeconds): boolean {
    const horizon = this.#find.get({ issuer });
    return horizon !== undefined && retainUntil <= horizon.swept_through;
  }

  /** Part of the write unit that sweeps. */
  raise(issuer: string, sweptThrough: number): void {
    this.#raise.run({ issuer, swept_through: sweptThrough });
  }
}
