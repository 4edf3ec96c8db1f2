import type { AuditEvent } from "@postern/core/audit/audit-event";
import { type PublisherTarget, targetKeyOf } from "@postern/core/publisher/publisher";
import type { Attempt, NewAttempt } from "../../attempts/attempt.ts";
import {
  type AttemptCursor,
  type AttemptStore,
  type AwaitedChange,
  MAX_ATTEMPTS_PER_RESOURCE,
} from "../../attempts/attempt-store.ts";
import { attemptOf, type StoredAttempt } from "./attempt-row.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import type { AttemptRow, PublisherRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";
import { canonicalChange, canonicalClaims } from "./publisher-row.ts";

/** Where attempts on resources that do not exist go: they cost what others cost, share one cap, and no owner can list them. */
const NOBODY = "repo:";

type NewRow = Omit<AttemptRow, "id" | "count" | "last_at">;
type Page = { readonly target_key: string; readonly at: number; readonly id: number; readonly limit: number };

/** Refused exchanges in `postern.db`. */
export class SqliteAttemptStore implements AttemptStore {
  readonly #database: AuthorityDatabase;
  readonly #upsert: PreparedQuery<NewRow, { readonly count: number }>;
  readonly #countOf: PreparedQuery<{ readonly target_key: string }, { readonly rows: number }>;
  readonly #dropOldest: PreparedQuery<{ readonly target_key: string; readonly excess: number }, unknown>;
  readonly #userNamed: PreparedQuery<{ readonly name_key: string }, { readonly id: number }>;
  readonly #awaitChange: PreparedQuery<
    Pick<PublisherRow, "id" | "claims"> & {
      readonly change: string;
      readonly change_seen_at: number;
      readonly frozen: 0 | 1;
    },
    unknown
  >;
  readonly #page: PreparedQuery<Page, StoredAttempt>;

  constructor(database: AuthorityDatabase) {
    const { connection } = database;
    this.#database = database;
    this.#upsert = prepareQuery(connection, (db, bind) =>
      db
        .insertInto("attempts")
        .values({
          target_key: bind("target_key"),
          same_as: bind("same_as"),
          provider: bind("provider"),
          issuer: bind("issuer"),
          code: bind("code"),
          message: bind("message"),
          claims: bind("claims"),
          checks: bind("checks"),
          publisher_id: bind("publisher_id"),
          run_url: bind("run_url"),
          first_at: bind("first_at"),
          last_at: bind("first_at"),
          count: 1,
        })
        .onConflict((conflict) =>
          conflict.columns(["target_key", "same_as"]).doUpdateSet((row) => ({
            // The newest one is the one that the owner looks for.
            message: row.ref("excluded.message"),
            claims: row.ref("excluded.claims"),
            checks: row.ref("excluded.checks"),
            run_url: row.ref("excluded.run_url"),
            last_at: row.ref("excluded.last_at"),
            count: row("attempts.count", "+", 1),
          })),
        )
        .returning("count"),
    );
    this.#countOf = prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("attempts")
        .select((row) => row.fn.countAll<number>().as("rows"))
        .where("target_key", "=", bind("target_key")),
    );
    this.#dropOldest = prepareQuery(connection, (db, bind) =>
      db.deleteFrom("attempts").where("id", "in", (query) =>
        query
          .selectFrom("attempts")
          .select("id")
          .where("target_key", "=", bind("target_key"))
          // Strangers first: nobody may push an owner's own attempts out of the list.
          .orderBy((row) => row("publisher_id", "is not", null))
          .orderBy("last_at")
          .orderBy("id")
          .limit(bind("excess")),
      ),
    );
    this.#awaitChange = prepareQuery(connection, (db, bind) =>
      db
        .updateTable("publishers")
        .set({ change: bind("change"), change_seen_at: bind("change_seen_at"), frozen: bind("frozen") })
        .where("id", "=", bind("id"))
        // Somebody may have confirmed a change since the token was judged: what was judged is then out of date.
        .where("claims", "=", bind("claims"))
        .where("change", "is not", bind("change"))
        .where("frozen", "<=", bind("frozen")),
    );
    this.#userNamed = prepareQuery(connection, (db, bind) =>
      db.selectFrom("accounts").select("id").where("name_key", "=", bind("name_key")).where("kind", "=", "user"),
    );
    this.#page = prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("attempts")
        .selectAll()
        .where("target_key", "=", bind("target_key"))
        .where((row) =>
          row.or([
            row("last_at", "<", bind("at")),
            row.and([row("last_at", "=", bind("at")), row("id", "<", bind("id"))]),
          ]),
        )
        .orderBy("last_at", "desc")
        .orderBy("id", "desc")
        .limit(bind("limit")),
    );
  }

  record(attempt: NewAttempt, audit: AuditEvent, changes: readonly AwaitedChange[] = []): Promise<void> {
    return this.#database.commits.submit((chain) => {
      for (const { publisher, change, audit: noticed } of changes) {
        const waits = this.#awaitChange.run({
          id: publisher.id,
          claims: canonicalClaims(publisher.claims),
          change: canonicalChange(change),
          change_seen_at: attempt.at,
          frozen: change.kind === "transfer" ? 1 : 0,
        });
        if (waits > 0) chain.append(noticed);
      }
      const target_key = this.#keyOf(attempt.target);
      const stored = this.#upsert.get({
        target_key,
        same_as: attempt.sameAs,
        provider: attempt.provider,
        issuer: attempt.issuer,
        code: attempt.code,
        message: attempt.message,
        claims: JSON.stringify(attempt.claims),
        checks: JSON.stringify(attempt.checks),
        publisher_id: attempt.publisherId ?? null,
        run_url: attempt.runUrl ?? null,
        first_at: attempt.at,
      });
      if (stored?.count === 1) {
        const rows = this.#countOf.get({ target_key })?.rows ?? 0;
        if (rows > MAX_ATTEMPTS_PER_RESOURCE)
          this.#dropOldest.run({ target_key, excess: rows - MAX_ATTEMPTS_PER_RESOURCE });
      }
      chain.append(audit);
    });
  }

  async list(target: PublisherTarget, after: AttemptCursor | undefined, limit: number): Promise<readonly Attempt[]> {
    const { at, id } = after ?? { at: Number.MAX_SAFE_INTEGER, id: 0 };
    return this.#page.all({ target_key: targetKeyOf(target), at, id, limit }).map(attemptOf);
  }

  /** A repo that does not exist has no id; a user is looked up here, in the same way for every name. */
  #keyOf(target: PublisherTarget): string {
    if (target.kind === "repo") return targetKeyOf(target);
    return this.#userNamed.get({ name_key: target.name.toLowerCase() }) === undefined ? NOBODY : targetKeyOf(target);
  }
}
