import { type Publisher, type PublisherTarget, targetKeyOf } from "@postern/core/publisher/publisher";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type { IssueOutcome, SubjectTokenUse } from "../../token-exchange/grant-ledger.ts";
import type { SpentTokens } from "../../token-exchange/spent-tokens.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import type { UsedSubjectTokenRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";
import { SpentTokenHorizons } from "./spent-token-horizons.ts";

type Use = Pick<UsedSubjectTokenRow, "publisher_id" | "target_key" | "first_used_at" | "uses">;

/** Reads what `SqliteGrantLedger` writes, by the same rule: bounded reuse is for one publisher and one target. */
export class SqliteSpentTokens implements SpentTokens {
  readonly #use: PreparedQuery<{ readonly issuer: string; readonly replay_key: string }, Use>;

  readonly #horizons: SpentTokenHorizons;

  constructor(database: AuthorityDatabase) {
    this.#horizons = new SpentTokenHorizons(database.connection);
    this.#use = prepareQuery(database.connection, (db, bind) =>
      db
        .selectFrom("used_subject_tokens")
        .select(["publisher_id", "target_key", "first_used_at", "uses"])
        .where("issuer", "=", bind("issuer"))
        .where("replay_key", "=", bind("replay_key")),
    );
  }

  async whySpent(
    { issuer, replayKey, mode, retainUntil }: SubjectTokenUse,
    publisher: Publisher,
    target: PublisherTarget,
  ): Promise<Extract<IssueOutcome, { readonly kind: "replayed" | "maybe-replayed" }> | undefined> {
    const use = this.#use.get({ issuer, replay_key: replayKey });
    if (use === undefined)
      return this.#horizons.mayHaveSwept(issuer, retainUntil) ? { kind: "maybe-replayed" } : undefined;
    const shared = use.publisher_id === publisher.id && use.target_key === targetKeyOf(target);
    const left = mode.kind === "bounded" && shared && use.uses < mode.maxUses;
    return left ? undefined : { kind: "replayed", firstUsedAt: epochSeconds(use.first_used_at) };
  }
}
