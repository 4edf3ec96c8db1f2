import type { AuditEvent } from "@postern/core/audit/audit-event";
import type Database from "better-sqlite3";
import { type AuditEntry, type AuditHead, EMPTY_HEAD } from "../../audit/audit-entry.ts";
import { canonicalDetail, canonicalEntry, hashOfCanonical } from "../../audit/canonical-entry.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

/** What a write unit may do with the audit log: append. */
export interface AuditChain {
  /** The newest entry, those of this unit included. */
  readonly head: AuditHead;
  append(event: AuditEvent): void;
}

/** Appends to the chain inside the transaction of a write unit. Never used outside one. */
export class AuditAppender implements AuditChain {
  readonly #nowMs: () => number;
  readonly #readHead: PreparedQuery<Record<never, never>, AuditHead>;
  readonly #insert: PreparedQuery<AuditEntry, unknown>;
  #head: AuditHead = EMPTY_HEAD;

  /** @param nowMs - The time of day in milliseconds since 1970. */
  constructor(connection: Database.Database, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#readHead = prepareQuery(connection, (db) =>
      db.selectFrom("audit_log").select(["seq", "hash"]).orderBy("seq", "desc").limit(1),
    );
    this.#insert = prepareQuery(connection, (db, bind) =>
      db.insertInto("audit_log").values({
        seq: bind("seq"),
        at: bind("at"),
        event: bind("event"),
        outcome: bind("outcome"),
        actor_kind: bind("actor_kind"),
        actor_name: bind("actor_name"),
        actor_token_id: bind("actor_token_id"),
        resource: bind("resource"),
        request_id: bind("request_id"),
        source_address: bind("source_address"),
        detail: bind("detail"),
        prev_hash: bind("prev_hash"),
        hash: bind("hash"),
      }),
    );
  }

  /** Reads the head again: when a transaction begins (another process may have written) and after a unit was rolled back. */
  reload(): void {
    this.#head = this.#readHead.get({}) ?? EMPTY_HEAD;
  }

  /** The newest entry of the running transaction; between two of them, of the last one. */
  get head(): AuditHead {
    return this.#head;
  }

  append(event: AuditEvent): void {
    // A lone surrogate cannot be stored as UTF-8: what is read back would no longer match the hash. Hence toWellFormed().
    const unhashed: Omit<AuditEntry, "hash"> = {
      seq: this.#head.seq + 1,
      at: new Date(this.#nowMs()).toISOString(),
      event: event.event.toWellFormed(),
      outcome: event.outcome,
      actor_kind: event.actor.kind,
      actor_name: event.actor.name.toWellFormed(),
      actor_token_id: event.actor.tokenId?.toWellFormed() ?? null,
      resource: event.resource.toWellFormed(),
      request_id: event.requestId.toWellFormed(),
      source_address: event.sourceAddress?.toWellFormed() ?? null,
      detail: canonicalDetail(event.detail),
      prev_hash: this.#head.hash,
    };
    const hash = hashOfCanonical(canonicalEntry(unhashed));
    this.#insert.run({ ...unhashed, hash });
    this.#head = { seq: unhashed.seq, hash };
  }
}
