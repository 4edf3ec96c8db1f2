import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { Publisher } from "@postern/core/publisher/publisher";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import { type EpochSeconds, toIsoTime } from "@postern/core/time/epoch-seconds";
import { MAX_HELD_NAMES, type NewHeldName, type PendingPublishers } from "../../publishers/pending-publishers.ts";
import { auditResourceOf } from "../../token-exchange/audit-resource.ts";
import type { IssueOutcome, NewGrant, SubjectTokenUse } from "../../token-exchange/grant-ledger.ts";
import type { FirstGrantLedger } from "../../token-exchange/held-repo-maker.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";
import type { SqliteGrantLedger } from "./sqlite-grant-ledger.ts";
import type { SqlitePublisherStore } from "./sqlite-publisher-store.ts";

/**
 * The hub's tables as the authority's write units need them: on the authority's connection, synchronous, part of its transaction. The
 * hub implements it; both live in one file, so a name, a publisher, a grant and their audit entries can share one commit.
 */
export interface HeldNameTable {
  hold(name: NewHeldName, now: EpochSeconds, quota: number): "held" | "taken" | "full";
  /** Makes the name a repo. False when it is held no more. */
  become(repoId: string, createdBy: string, at: EpochSeconds): boolean;
  release(repoId: string): boolean;
  expired(
    now: EpochSeconds,
    limit: number,
  ): readonly { readonly repo: RepoRef; readonly repoId: string; readonly expiresAt: EpochSeconds }[];
}

/** Thrown inside a write unit to roll it back; carries what the caller is told. */
class RolledBack extends Error {
  readonly outcome: IssueOutcome;

  constructor(outcome: IssueOutcome) {
    super("the unit was rolled back");
    this.outcome = outcome;
  }
}

const EXPIRED_PER_UNIT = 100;

/** Held names, their publishers and their first grants in `postern.db`. */
export class SqlitePendingPublishers implements PendingPublishers, FirstGrantLedger {
  readonly #database: AuthorityDatabase;
  readonly #names: HeldNameTable;
  readonly #publishers: SqlitePublisherStore;
  readonly #ledger: SqliteGrantLedger;
  readonly #forget: PreparedQuery<{ readonly target_key: string }, unknown>;

  constructor(
    database: AuthorityDatabase,
    names: HeldNameTable,
    stores: { readonly publishers: SqlitePublisherStore; readonly ledger: SqliteGrantLedger },
  ) {
    this.#database = database;
    this.#names = names;
    this.#publishers = stores.publishers;
    this.#ledger = stores.ledger;
    this.#forget = prepareQuery(database.connection, (db, bind) =>
      db.deleteFrom("publishers").where("target_key", "=", bind("target_key")),
    );
  }

  hold(publisher: Publisher, name: NewHeldName, audit: AuditEvent): Promise<"added" | "taken" | "full"> {
    return this.#database.commits.submit((chain) => {
      const outcome = this.#names.hold(name, publisher.createdAt, MAX_HELD_NAMES);
      if (outcome !== "held") return outcome;
      if (this.#publishers.addWithin(chain, publisher, audit) === "exists")
        throw new Error(`a repo id was used before: ${name.repoId}`);
      return "added";
    });
  }

  release(repoId: string, audit: AuditEvent): Promise<boolean> {
    return this.#database.commits.submit((chain) => {
      if (!this.#names.release(repoId)) return false;
      chain.append(audit);
      return true;
    });
  }

  async issueFirst(
    use: SubjectTokenUse,
    grant: NewGrant,
    audit: { readonly grant: AuditEvent; readonly create: AuditEvent },
  ): Promise<IssueOutcome> {
    const { target, issuedAt } = grant;
    if (target.kind === "user") throw new TypeError("a user is never pending");
    try {
      return await this.#database.commits.submit((chain) => {
        const outcome = this.#ledger.issueWithin(chain, use, grant, audit.grant);
        if (outcome.kind !== "issued") return outcome;
        // The token is spent in this unit already, so a name that is gone must take all of it back.
        if (!this.#names.become(target.repoId, audit.create.actor.name, issuedAt))
          throw new RolledBack({ kind: "publisher-gone" });
        chain.append(audit.create);
        return outcome;
      });
    } catch (cause) {
      if (cause instanceof RolledBack) return cause.outcome;
      throw cause;
    }
  }

  /** Lets go of names whose time is over, and of their publishers. @returns how many. */
  releaseExpired(now: EpochSeconds): Promise<number> {
    return this.#database.commits.submit((chain) => {
      const expired = this.#names.expired(now, EXPIRED_PER_UNIT);
      for (const { repo, repoId, expiresAt } of expired) {
        this.#names.release(repoId);
        this.#forget.run({ target_key: `repo:${repoId}` });
        chain.append({
          event: "name.release",
          outcome: "allowed",
          actor: { kind: "system", name: "expiry", tokenId: undefined },
          resource: auditResourceOf({ kind: "repo", repo }),
          requestId: "expiry",
          sourceAddress: undefined,
          detail: { repo_id: repoId, expired_at: toIsoTime(expiresAt) },
        });
      }
      return expired.length;
    });
  }
}
