import type { AuditEvent } from "@postern/core/audit/audit-event";
import { targetKeyOf } from "@postern/core/publisher/publisher";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type { GrantLedger, IssueOutcome, NewGrant, SubjectTokenUse } from "../../token-exchange/grant-ledger.ts";
import type { AuditChain } from "./audit-appender.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import type { GrantRow, UsedSubjectTokenRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";
import { SpentTokenHorizons } from "./spent-token-horizons.ts";
import { columnsOfTarget } from "./target-columns.ts";

type NewUse = Omit<UsedSubjectTokenRow, "id" | "uses"> & { readonly max_uses: number };
type NewGrantRow = Omit<GrantRow, "id" | "revoked_at">;

/**
 * Spent subject tokens, grants and their audit entries in `postern.db`: one write unit per exchange, one durable commit for all that
 * run at once. The hot path, so it reads as little as it can.
 */
export class SqliteGrantLedger implements GrantLedger {
  readonly #database: AuthorityDatabase;
  readonly #livePublisher: PreparedQuery<{ readonly id: string }, { readonly last_used_at: number | null }>;
  readonly #claimUse: PreparedQuery<NewUse, { readonly uses: number }>;
  readonly #firstUse: PreparedQuery<
    { readonly issuer: string; readonly replay_key: string },
    { readonly first_used_at: number }
  >;
  readonly #horizons: SpentTokenHorizons;
  readonly #insertGrant: PreparedQuery<NewGrantRow, unknown>;

  constructor(database: AuthorityDatabase) {
    const { connection } = database;
    this.#database = database;
    this.#horizons = new SpentTokenHorizons(connection);
    this.#livePublisher = prepareQuery(connection, (db, bind) =>
      db.selectFrom("publishers").select("last_used_at").where("id", "=", bind("id")).where("enabled", "=", 1),
    );
    // One statement decides: no gap between "was it used?" and "it is used now". No row comes back when the token is spent, or when
    // another publisher or target would share it.
    this.#claimUse = prepareQuery(connection, (db, bind) =>
      db
        .insertInto("used_subject_tokens")
        .values({
          issuer: bind("issuer"),
          replay_key: bind("replay_key"),
          publisher_id: bind("publisher_id"),
          target_key: bind("target_key"),
          first_used_at: bind("first_used_at"),
          uses: 1,
          retain_until: bind("retain_until"),
        })
        .onConflict((conflict) =>
          conflict
            .columns(["issuer", "replay_key"])
            .doUpdateSet((row) => ({ uses: row("used_subject_tokens.uses", "+", 1) }))
            .whereRef("used_subject_tokens.publisher_id", "=", "excluded.publisher_id")
            .whereRef("used_subject_tokens.target_key", "=", "excluded.target_key")
            .where("used_subject_tokens.uses", "<", bind("max_uses")),
        )
        .returning("uses"),
    );
    this.#firstUse = prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("used_subject_tokens")
        .select("first_used_at")
        .where("issuer", "=", bind("issuer"))
        .where("replay_key", "=", bind("replay_key")),
    );
    this.#insertGrant = prepareQuery(connection, (db, bind) =>
      db.insertInto("grants").values({
        token_id: bind("token_id"),
        digest: bind("digest"),
        publisher_id: bind("publisher_id"),
        repo_kind: bind("repo_kind"),
        repo_id: bind("repo_id"),
        namespace: bind("namespace"),
        repo_name: bind("repo_name"),
        access: bind("access"),
        issued_at: bind("issued_at"),
        expires_at: bind("expires_at"),
        bound_to: bind("bound_to"),
        pinned_address: bind("pinned_address"),
        issuer: bind("issuer"),
        subject: bind("subject"),
        provider: bind("provider"),
        run_url: bind("run_url"),
      }),
    );
  }

  issue(use: SubjectTokenUse, grant: NewGrant, audit: AuditEvent): Promise<IssueOutcome> {
    return this.#database.commits.submit((chain) => this.issueWithin(chain, use, grant, audit));
  }

  /** The same as part of somebody else's write unit. */
  issueWithin(chain: AuditChain, use: SubjectTokenUse, grant: NewGrant, audit: AuditEvent): IssueOutcome {
    const publisher = this.#livePublisher.get({ id: grant.publisherId });
    if (publisher === undefined) return { kind: "publisher-gone" };

    if (this.#isForgotten(use)) return { kind: "maybe-replayed" };
    const claimed = this.#claimUse.get({
      issuer: use.issuer,
      replay_key: use.replayKey,
      publisher_id: grant.publisherId,
      target_key: targetKeyOf(grant.target),
      first_used_at: grant.issuedAt,
      retain_until: use.retainUntil,
      max_uses: use.mode.kind === "bounded" ? use.mode.maxUses : 1,
    });
    if (claimed === undefined) return this.#replayed(use);

    this.#insertGrant.run({
      token_id: grant.tokenId,
      digest: grant.tokenDigest,
      publisher_id: grant.publisherId,
      ...columnsOfTarget(grant.target),
      access: grant.access,
      issued_at: grant.issuedAt,
      expires_at: grant.expiresAt,
      bound_to: grant.boundTo ?? null,
      pinned_address: grant.pinnedAddress ?? null,
      issuer: grant.origin.issuer,
      subject: grant.origin.subject,
      provider: grant.origin.provider,
      run_url: grant.origin.runUrl ?? null,
    });
    chain.append(audit);
    this.#database.lastUses.note(grant.publisherId, publisher.last_used_at, grant.issuedAt);
    return { kind: "issued", use: claimed.uses };
  }

  /** Whether a row of this token may have been swept. Never so while the clock only goes forward. */
  #isForgotten({ issuer, replayKey, retainUntil }: SubjectTokenUse): boolean {
    return (
      this.#horizons.mayHaveSwept(issuer, retainUntil) &&
      this.#firstUse.get({ issuer, replay_key: replayKey }) === undefined
    );
  }

  #replayed(use: SubjectTokenUse): IssueOutcome {
    const first = this.#firstUse.get({ issuer: use.issuer, replay_key: use.replayKey });
    if (first === undefined) throw new Error("a subject token was refused as used although no use is stored");
    return { kind: "replayed", firstUsedAt: epochSeconds(first.first_used_at) };
  }
}
