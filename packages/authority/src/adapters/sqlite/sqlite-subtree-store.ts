import type { SubtreeHash } from "../../audit/merkle/complete-subtree.ts";
import type { SubtreeStore } from "../../audit/merkle/subtree-store.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

interface Range {
  readonly level: number;
  readonly first: number;
  readonly end: number;
}

/** Subtree hashes of the audit log in `postern.db`. */
export class SqliteSubtreeStore implements SubtreeStore {
  readonly #database: AuthorityDatabase;
  readonly #last: PreparedQuery<{ readonly level: number }, { idx: number }>;
  readonly #range: PreparedQuery<Range, { hash: Uint8Array }>;
  readonly #put: PreparedQuery<{ readonly level: number; readonly idx: number; readonly hash: Uint8Array }, unknown>;

  constructor(database: AuthorityDatabase) {
    this.#database = database;
    this.#last = prepareQuery(database.connection, (db, bind) =>
      db.selectFrom("audit_tree").select("idx").where("level", "=", bind("level")).orderBy("idx", "desc").limit(1),
    );
    this.#range = prepareQuery(database.connection, (db, bind) =>
      db
        .selectFrom("audit_tree")
        .select("hash")
        .where("level", "=", bind("level"))
        .where("idx", ">=", bind("first"))
        .where("idx", "<", bind("end"))
        .orderBy("idx"),
    );
    this.#put = prepareQuery(database.connection, (db, bind) =>
      db
        .insertInto("audit_tree")
        .orReplace()
        .values({ level: bind("level"), idx: bind("idx"), hash: bind("hash") }),
    );
  }

  async count(level: number): Promise<number> {
    return (this.#last.get({ level })?.idx ?? -1) + 1;
  }

  async read(level: number, index: number, count: number): Promise<readonly Uint8Array[]> {
    return this.#range.all({ level, first: index, end: index + count }).map(({ hash }) => hash);
  }

  /** Without an audit entry: this records what is in the log already. */
  add(subtrees: readonly SubtreeHash[]): Promise<void> {
    return this.#database.commits.submit(() => {
      for (const { level, index, hash } of subtrees) this.#put.run({ level, idx: index, hash });
    });
  }
}
