import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { IssuerUrl } from "@postern/core/issuer/issuer-url";
import { type Publisher, type PublisherTarget, targetKeyOf } from "@postern/core/publisher/publisher";
import { sql } from "kysely";
import type { PublisherStore, SettleOutcome } from "../../publishers/publisher-store.ts";
import type { AuditChain } from "./audit-appender.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import type { PublisherRow, PublisherStateRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";
import { canonicalChange, canonicalClaims, publisherOf, rowOfPublisher } from "./publisher-row.ts";

type StoredPublisherRow = PublisherRow & PublisherStateRow;

/** Publishers in `postern.db`. */
export class SqlitePublisherStore implements PublisherStore {
  readonly #database: AuthorityDatabase;
  readonly #matching: PreparedQuery<{ readonly target_key: string; readonly issuer: string }, StoredPublisherRow>;
  readonly #ofTarget: PreparedQuery<{ readonly target_key: string }, StoredPublisherRow>;
  readonly #byId: PreparedQuery<{ readonly id: string }, StoredPublisherRow>;
  readonly #disabled: PreparedQuery<{ readonly limit: number }, StoredPublisherRow>;
  readonly #revokeTokens: PreparedQuery<{ readonly id: string }, unknown>;
  readonly #insert: PreparedQuery<PublisherRow, unknown>;
  readonly #setEnabled: PreparedQuery<{ readonly id: string; readonly enabled: 0 | 1 }, unknown>;
  readonly #twin: PreparedQuery<{ readonly id: string; readonly claims: string }, { readonly id: string }>;
  readonly #settle: PreparedQuery<
    {
      readonly id: string;
      readonly claims: string;
      readonly claims_before: string;
      readonly change: string | null;
      readonly renamed: string | null;
      readonly renamed_at: number | null;
    },
    unknown
  >;
  readonly #delete: PreparedQuery<{ readonly id: string }, unknown>;

  constructor(database: AuthorityDatabase) {
    const { connection } = database;
    this.#database = database;
    this.#matching = prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("publishers")
        .selectAll()
        .where("target_key", "=", bind("target_key"))
        .where("issuer", "=", bind("issuer"))
        // A literal: SQLite compares a bound value with the partial index on this column, and compiles the query anew at each execution.
        .where("enabled", "=", sql.lit(1)),
    );
    this.#ofTarget = prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("publishers")
        .selectAll()
        .where("target_key", "=", bind("target_key"))
        .orderBy("created_at")
        .orderBy("id"),
    );
    this.#byId = prepareQuery(connection, (db, bind) =>
      db.selectFrom("publishers").selectAll().where("id", "=", bind("id")),
    );
    this.#disabled = prepareQuery(connection, (db, bind) =>
      db.selectFrom("publishers").selectAll().where("enabled", "=", sql.lit(0)).orderBy("id").limit(bind("limit")),
    );
    // One row to write, however many tokens there are.
    this.#revokeTokens = prepareQuery(connection, (db, bind) =>
      db
        .updateTable("publishers")
        .set((row) => ({
          revoked_through: row.fn.coalesce(
            row.selectFrom("grants").select("grants.id").orderBy("id", "desc").limit(1),
            row.val(0),
          ),
        }))
        .where("id", "=", bind("id")),
    );
    this.#insert = prepareQuery(connection, (db, bind) =>
      db
        .insertInto("publishers")
        .values({
          id: bind("id"),
          target_key: bind("target_key"),
          repo_kind: bind("repo_kind"),
          repo_id: bind("repo_id"),
          namespace: bind("namespace"),
          repo_name: bind("repo_name"),
          provider: bind("provider"),
          issuer: bind("issuer"),
          claims: bind("claims"),
          access: bind("access"),
          ttl_seconds: bind("ttl_seconds"),
          source_addresses: bind("source_addresses"),
          pin_address: bind("pin_address"),
          audience: bind("audience"),
          enabled: bind("enabled"),
          created_at: bind("created_at"),
          created_by: bind("created_by"),
          last_used_at: bind("last_used_at"),
        })
        .onConflict((conflict) =>
          conflict.columns(["target_key", "issuer", "claims", "access", "audience"]).doNothing(),
        ),
    );
    this.#setEnabled = prepareQuery(connection, (db, bind) =>
      db
        .updateTable("publishers")
        .set({ enabled: bind("enabled") })
        .where("id", "=", bind("id")),
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
        .whereRef("twin.id", "<>", "one.id")
        .where("twin.claims", "=", bind("claims")),
    );
    // Named by what was shown to whoever decides: another change that came meanwhile is not decided with it.
    this.#settle = prepareQuery(connection, (db, bind) =>
      db
        .updateTable("publishers")
        .set({
          claims: bind("claims"),
          change: null,
          change_seen_at: null,
          frozen: sql.lit(0),
          renamed: bind("renamed"),
          renamed_at: bind("renamed_at"),
        })
        .where("id", "=", bind("id"))
        .where("claims", "=", bind("claims_before"))
        .where("change", "is", bind("change")),
    );
    this.#delete = prepareQuery(connection, (db, bind) => db.deleteFrom("publishers").where("id", "=", bind("id")));
  }

  async matching(target: PublisherTarget, issuer: IssuerUrl): Promise<readonly Publisher[]> {
    return this.#matching.all({ target_key: targetKeyOf(target), issuer }).map(publisherOf);
  }

  async list(target: PublisherTarget): Promise<readonly Publisher[]> {
    return this.#ofTarget.all({ target_key: targetKeyOf(target) }).map((row) => this.#read(row));
  }

  async find(id: string): Promise<Publisher | undefined> {
    const row = this.#byId.get({ id });
    return row === undefined ? undefined : this.#read(row);
  }

  async listDisabled(limit: number): Promise<readonly Publisher[]> {
    return this.#disabled.all({ limit }).map((row) => this.#read(row));
  }

  revokeTokens(id: string, audit: AuditEvent): Promise<"revoked" | "missing"> {
    return this.#database.commits.submit((chain) => {
      if (this.#revokeTokens.run({ id }) === 0) return "missing";
      chain.append(audit);
      return "revoked";
    });
  }

  add(publisher: Publisher, audit: AuditEvent): Promise<"added" | "exists"> {
    return this.#database.commits.submit((chain) => this.addWithin(chain, publisher, audit));
  }

  /** The same as part of somebody else's write unit. */
  addWithin(chain: AuditChain, publisher: Publisher, audit: AuditEvent): "added" | "exists" {
    if (this.#insert.run(rowOfPublisher(publisher)) === 0) return "exists";
    chain.append(audit);
    return "added";
  }

  setEnabled(id: string, enabled: boolean, audit: AuditEvent): Promise<"changed" | "missing"> {
    return this.#database.commits.submit((chain) => {
      if (this.#setEnabled.run({ id, enabled: enabled ? 1 : 0 }) === 0) return "missing";
      chain.append(audit);
      return "changed";
    });
  }

  settleChange(before: Publisher, after: Publisher, audit: AuditEvent): Promise<SettleOutcome> {
    return this.#database.commits.submit((chain) => {
      const { id, renamed } = after;
      const claims = canonicalClaims(after.claims);
      if (this.#twin.get({ id, claims }) !== undefined) return "exists";
      const settled = this.#settle.run({
        id,
        claims,
        claims_before: canonicalClaims(before.claims),
        change: before.change === undefined ? null : canonicalChange(before.change),
        renamed: renamed === undefined ? null : canonicalClaims(renamed.from),
        renamed_at: renamed?.at ?? null,
      });
      if (settled === 0) return this.#byId.get({ id }) === undefined ? "missing" : "changed";
      chain.append(audit);
      return "settled";
    });
  }

  remove(id: string, audit: AuditEvent): Promise<"removed" | "missing"> {
    return this.#database.commits.submit((chain) => {
      // A grant lives only while its publisher does (see `SqliteTokenStore`), so this also revokes the tokens it earned.
      if (this.#delete.run({ id }) === 0) return "missing";
      chain.append(audit);
      return "removed";
    });
  }

  #read(row: StoredPublisherRow): Publisher {
    const lastUsedAt = this.#database.lastUses.waiting(row.id);
    return lastUsedAt === undefined ? publisherOf(row) : { ...publisherOf(row), lastUsedAt };
  }
}
