import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type Database from "better-sqlite3";
import type { GroupCommit } from "./group-commit.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

/** A stored time of use is renewed when it is older than this, in seconds. */
const STEP = 3600;
/** Publishers whose use waits to be written; about 10 MiB. Beyond that a use is not noted. */
const MAX_WAITING = 100_000;
/** Rows of one write unit: few enough that an exchange in the same commit does not notice. */
const ROWS_PER_UNIT = 50;
/** Rows of one turn. At one turn every five seconds a million publishers are written within the hour. */
const ROWS_PER_TURN = 1500;

/**
 * When publishers were last used: gathered in memory, written in the background, at most once an hour for each.
 *
 * A hint for owners, and no exchange waits for it: with a million publishers in use nearly every exchange would otherwise rewrite a
 * page of its own. A crash loses what waits.
 */
export class LastUses {
  readonly #commits: GroupCommit;
  readonly #touch: PreparedQuery<{ readonly id: string; readonly at: number }, unknown>;
  readonly #waiting = new Map<string, EpochSeconds>();

  constructor(connection: Database.Database, commits: GroupCommit) {
    this.#commits = commits;
    this.#touch = prepareQuery(connection, (db, bind) =>
      db
        .updateTable("publishers")
        .set({ last_used_at: bind("at") })
        .where("id", "=", bind("id")),
    );
  }

  /** @param stored - What the publisher's row says. */
  note(publisherId: string, stored: number | null, at: EpochSeconds): void {
    if (stored !== null && at - stored < STEP) return;
    if (this.#waiting.size < MAX_WAITING) this.#waiting.set(publisherId, at);
  }

  /** A use that is not written yet. */
  waiting(publisherId: string): EpochSeconds | undefined {
    return this.#waiting.size === 0 ? undefined : this.#waiting.get(publisherId);
  }

  /** Writes some of what waits, in small units, so that exchanges go on in between. */
  async write(limit: number = ROWS_PER_TURN): Promise<void> {
    for (let left = limit; left > 0 && this.#waiting.size > 0; left -= ROWS_PER_UNIT) {
      const rows = this.#first(Math.min(left, ROWS_PER_UNIT));
      await this.#commits.submit(() => {
        for (const [id, at] of rows) this.#touch.run({ id, at });
      });
      // Used again in between: the hour has begun anyway.
      for (const [id] of rows) this.#waiting.delete(id);
    }
  }

  #first(count: number): readonly (readonly [string, EpochSeconds])[] {
    const rows: (readonly [string, EpochSeconds])[] = [];
    for (const entry of this.#waiting) {
      if (rows.length >= count) break;
      rows.push(entry);
    }
    return rows;
  }
}
