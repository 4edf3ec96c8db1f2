import type { AuditEvent } from "@postern/core/audit/audit-event";
import { targetKeyOf } from "@postern/core/publisher/publisher";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type {
  GrantLedger,
  IssueOutcome,
  NewGrant,
  PublisherRename,
  SubjectTokenUse,
} from "../../token-exchange/grant-ledger.ts";
import type { AuditChain } from "./audit-appender.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import type { GrantRow, UsedSubjectTokenRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";
import { canonicalClaims } from "./publisher-row.ts";
import { SpentTokenHorizons } from "./spent-token-horizons.ts";
import { columnsOfTarget } from "./target-columns.ts";

type NewUse = Omit<UsedSubjectTokenRow, "id" | "uses"> & { readonly max_uses: number };
type LivePublisher = { readonly last_used_at: number | null; readonly claims: string; readonly renamed: string | null };
type RenameRow = {
  readonly id: string;
  readonly claims: string;
  readonly renamed: string;
  readonly renamed_at: number;
};
type NewGrantRow = Omit<GrantRow, "id" | "revoked_at">;

/**
 * Spent subject tokens, grants and their audit entries in `postern.db`: one write unit per exchange, one durable commit for all that
 * run at once. The hot path, so it reads as little as it can.
 */
export class SqliteGrantLedger implements GrantLedger {
  readonly #database: AuthorityDatabase;
  readonly #livePublisher: PreparedQuery<{ readonly id: string }, LivePublisher>;
  readonly #claimUse: PreparedQuery<NewUse, { readonly uses: number }>;
  readonly #firstUse: PreparedQuery<
    { readonly issuer: string; readonly replay_key: string },
    { readonly first_used_at: number }
  >;
  readonly #horizons: SpentTokenHorizons;
  readonly #rename: PreparedQuery<RenameRow, unknown>;
  readonly #twin: PreparedQuery<RenameRow, { readonly id: string }>;
  readonly #insertGrant: PreparedQuery<NewGrantRow, unknown>;

  constructor(database: AuthorityDatabase) {
    const { connection } = database;
    this.#database = database;
    this.#horizons = new SpentTokenHorizons(connection);
    this.#livePublisher = prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("publishers")
        .select(["last_used_at", "claims", "renamed"])
        .where("id", "=", bind("id"))
        .where("enabled", "=", 1)
        .where("frozen", "=", 0),
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
    this.#twin = prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("publishers as twin")
        .innerJoin("publishers as one", (join) =>
          join
            .onRef("one.target_key", "=", "twin.target_key")
            .onRef("one.issuer", "=", "twin.issuer")
            .onRef("one.access", "=", "twin.access")
            .onRef("one.audience", "=", "twin.audience"),
        )
        .select("twin.id")
        .where("one.id", "=", bind("id"))
        .where("twin.claims", "=", bind("claims")),
    );
    this.#rename = prepareQuery(connection, (db, bind) =>
      db
        .updateTable("publishers")
        .set({
          claims: bind("claims"),
          renamed: bind("renamed"),
          renamed_at: bind("renamed_at"),
          change: null,
          change_seen_at: null,
        })
        .where("id", "=", bind("id")),
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
        source: bind("source"),
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
    const rename = grant.rename === undefined ? undefined : renameRowOf(grant, grant.rename);
    if (rename !== undefined && grant.rename !== undefined) {
      // Invariant: one rename is accepted until somebody confirms it (test `accepts a rename once, however many jobs come at the same moment`).
      if (publisher.renamed !== null || publisher.claims !== canonicalClaims(grant.rename.before))
        return { kind: "publisher-changed" };
      if (this.#twin.get(rename) !== undefined) return { kind: "name-taken" };
    }

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
      source: JSON.stringify(grant.origin.source),
    });
    if (rename !== undefined && grant.rename !== undefined) {
      this.#rename.run(rename);
      chain.append(grant.rename.audit);
    }
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

function renameRowOf({ publisherId, issuedAt }: NewGrant, { after, from }: PublisherRename): RenameRow {
  return { id: publisherId, claims: canonicalClaims(after), renamed: canonicalClaims(from), renamed_at: issuedAt };
}
