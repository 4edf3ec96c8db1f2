import type { Clock } from "@postern/core/time/clock";
import { ATTEMPT_LIFE_SECONDS } from "../../attempts/attempt-store.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";
import { SpentTokenHorizons } from "./spent-token-horizons.ts";

/** Rows of one table that one write unit removes: few enough that an exchange in the same batch does not notice. */
const ROWS_PER_UNIT = 200;
/** A grant is kept a while after its token expired, so that a late question about it still has an answer. Seconds. */
const GRANT_AFTERLIFE = 3600;

type Limits = { readonly before: number; readonly limit: number };
type Sweep = PreparedQuery<Limits, unknown>;
type SweptUse = { readonly issuer: string; readonly retain_until: number };

/** Removes what has no meaning any more: spent subject tokens that could not verify again, grants that expired, old attempts. Not audited. */
export class ExpiredRowSweeper {
  readonly #database: AuthorityDatabase;
  readonly #clock: Clock;
  readonly #horizons: SpentTokenHorizons;
  readonly #uses: PreparedQuery<Limits, SweptUse>;
  readonly #grants: Sweep;
  readonly #attempts: Sweep;

  constructor(database: AuthorityDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#horizons = new SpentTokenHorizons(database.connection);
    this.#uses = prepareQuery(database.connection, (db, bind) =>
      db
        .deleteFrom("used_subject_tokens")
        .where("id", "in", (query) =>
          query
            .selectFrom("used_subject_tokens")
            .select("id")
            .where("retain_until", "<", bind("before"))
            .orderBy("retain_until")
            .limit(bind("limit")),
        )
        .returning(["issuer", "retain_until"]),
    );
    // Grants are stored in the order of their making and live an hour at most, so the oldest rows are the expired ones: no index needed.
    // The newest row stays, expired or not: a publisher's tokens are revoked by "up to this id", so an id must never come back.
    this.#grants = prepareQuery(database.connection, (db, bind) =>
      db
        .deleteFrom("grants")
        .where("expires_at", "<", bind("before"))
        .where("id", "<", (query) => query.selectFrom("grants").select("id").orderBy("id", "desc").limit(1))
        .where("id", "in", (query) => query.selectFrom("grants").select("id").orderBy("id").limit(bind("limit"))),
    );
    this.#attempts = prepareQuery(database.connection, (db, bind) =>
      db
        .deleteFrom("attempts")
        .where("id", "in", (query) =>
          query
            .selectFrom("attempts")
            .select("id")
            .where("last_at", "<", bind("before"))
            .orderBy("last_at")
            .limit(bind("limit")),
        ),
    );
  }

  /** Removes all that expired, one small batch per commit, so that exchanges go on in between. @returns how many rows went. */
  async sweep(): Promise<number> {
    let swept = 0;
    for (;;) {
      const batch = await this.sweepBatch();
      if (batch === 0) return swept;
      swept += batch;
    }
  }

  /** The horizon rises with the rows that go, in one unit, so that a clock set back afterwards opens no spent token again. */
  #sweepUses(now: number): number {
    const swept = this.#uses.all({ before: now, limit: ROWS_PER_UNIT });
    for (const { issuer, retain_until } of swept) this.#horizons.raise(issuer, retain_until);
    return swept.length;
  }

  /** Removes one small batch. @returns how many rows went; 0 means that nothing is left to do for now. */
  sweepBatch(): Promise<number> {
    const now = this.#clock.now();
    return this.#database.commits.submit(
      () =>
        this.#sweepUses(now) +
        this.#grants.run({ before: now - GRANT_AFTERLIFE, limit: ROWS_PER_UNIT }) +
        this.#attempts.run({ before: now - ATTEMPT_LIFE_SECONDS, limit: ROWS_PER_UNIT }),
    );
  }
}
