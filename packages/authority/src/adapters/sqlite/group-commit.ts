import { ApiError } from "@postern/core/error/api-error";
import { Refusal } from "@postern/core/error/refusal";
import Database from "better-sqlite3";
import type { AuditHead } from "../../audit/audit-entry.ts";
import type { AuditAppender, AuditChain } from "./audit-appender.ts";
import type { WalFlusher } from "./wal-flusher.ts";

/** One all-or-nothing change. Synchronous: it may read and write, never wait. */
export type WriteUnit<T> = (audit: AuditChain) => T;

interface WaitingUnit {
  /** Runs the unit and returns what tells its caller. */
  readonly run: () => () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Lets concurrent write units share one durable commit.
 *
 * Units that wait at the next turn of the event loop run inside one `BEGIN IMMEDIATE … COMMIT`, each in its own savepoint, so that a
 * failing one is rolled back alone. The commit itself does not wait for the disk (`synchronous=NORMAL`); one asynchronous sync of the
 * write-ahead log does, before any caller hears "done" (see `WalFlusher`). While the disk works, the next batch gathers.
 */
export class GroupCommit {
  readonly #connection: Database.Database;
  readonly #audit: AuditAppender;
  readonly #flusher: WalFlusher;
  readonly #statements: Readonly<
    Record<"begin" | "savepoint" | "release" | "rollbackTo" | "commit" | "rollback", Database.Statement<[]>>
  >;
  #waiting: WaitingUnit[] = [];
  #running = false;
  /** Set for good after a failed sync: the page cache cannot be trusted any more, so nothing may be promised. */
  #failure: ApiError | undefined;
  #idle: (() => void) | undefined;
  #onDurable: ((head: AuditHead) => void) | undefined;

  constructor(connection: Database.Database, audit: AuditAppender, flusher: WalFlusher) {
    this.#connection = connection;
    this.#audit = audit;
    this.#flusher = flusher;
    this.#statements = {
      begin: connection.prepare("begin immediate"),
      savepoint: connection.prepare("savepoint unit"),
      release: connection.prepare("release unit"),
      rollbackTo: connection.prepare("rollback to unit"),
      commit: connection.prepare("commit"),
      rollback: connection.prepare("rollback"),
    };
  }

  /**
   * Resolves with the unit's result once it would survive a power cut.
   *
   * @throws whatever the unit threw, with nothing written; {ApiError} `audit_unavailable` when the database or the disk failed.
   */
  submit<T>(unit: WriteUnit<T>): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const run = (): (() => void) => {
        const result = unit(this.#audit);
        return () => resolve(result);
      };
      this.#waiting.push({ run, reject });
      this.#schedule();
    });
  }

  /** Has `listener` told of the newest entry after each commit that is durable. It must be quick and must not throw. */
  watch(listener: (head: AuditHead) => void): void {
    this.#onDurable = listener;
  }

  /** @throws {ApiError} `audit_unavailable` once nothing more can be recorded. */
  checkReady(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Finishes what waits, then refuses everything. */
  async close(): Promise<void> {
    if (this.#running) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    this.#failure ??= unavailable("The store is closed.", undefined);
  }

  #schedule(): void {
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#commitDurably(batch);
    }
    this.#running = false;
    this.#idle?.();
  }

  async #commitDurably(batch: readonly WaitingUnit[]): Promise<void> {
    let settle: readonly (() => void)[];
    try {
      settle = this.#commit(batch);
    } catch (cause) {
      const refusal = unavailable("The change could not be recorded, so it did not happen.", cause);
      for (const { reject } of batch) reject(refusal);
      return;
    }
    try {
      await this.#flusher.flush();
    } catch (cause) {
      this.#failure = unavailable("The disk refused a write; nothing more is accepted until a restart.", cause);
      for (const { reject } of [...batch, ...this.#waiting]) reject(this.#failure);
      this.#waiting = [];
      return;
    }
    for (const tell of settle) tell();
    this.#onDurable?.(this.#audit.head);
  }

  #commit(batch: readonly WaitingUnit[]): readonly (() => void)[] {
    const { begin, commit, rollback } = this.#statements;
    begin.run();
    try {
      this.#audit.reload();
      const settle = batch.map((waiting) => this.#runUnit(waiting));
      commit.run();
      return settle;
    } catch (error) {
      if (this.#connection.inTransaction) rollback.run();
      throw error;
    }
  }

  #runUnit({ run, reject }: WaitingUnit): () => void {
    const { savepoint, release, rollbackTo } = this.#statements;
    savepoint.run();
    try {
      const tell = run();
      release.run();
      return tell;
    } catch (error) {
      // A full disk or an I/O error makes SQLite roll back the whole transaction: then nobody's unit was written.
      if (!this.#connection.inTransaction) throw error;
      rollbackTo.run();
      release.run();
      this.#audit.reload();
      return () => reject(asRefusal(error));
    }
  }
}

function asRefusal(error: unknown): unknown {
  if (error instanceof Refusal || !(error instanceof Database.SqliteError)) return error;
  if (error.code.startsWith("SQLITE_CONSTRAINT")) return error;
  return unavailable("The change could not be recorded, so it did not happen.", error);
}

function unavailable(message: string, cause: unknown): ApiError {
  return new ApiError("audit_unavailable", message, { cause, remedy: "Look at the server's disk, then try again." });
}
