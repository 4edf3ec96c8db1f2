import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import { sql } from "kysely";
import type { AuthorityDatabase } from "./authority-database.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

/** A repo that gets another name; a transfer where the namespaces differ. */
export interface RepoRenaming {
  readonly repoId: string;
  readonly from: RepoRef;
  readonly to: RepoRef;
  readonly at: EpochSeconds;
}

/** The hub's names on the authority's connection, synchronous, part of its transaction; the hub implements it. */
export interface RepoNameTable {
  move(move: RepoRenaming): "moved" | "taken" | "held" | "gone";
}

interface MovedColumns {
  readonly target_key: string;
  readonly namespace: string;
  readonly repo_name: string;
}

/**
 * Moves a repo together with the rights that hang on its name, in one commit.
 *
 * Invariant: no right survives its reason. Tokens that the repo's publishers earned end, because each names the repo as it was; and where
 * the repo gets other owners, its publishers are switched off until one of those switches them on (TOB-PYPI26-13: project links that
 * outlived a transfer). Held by `test/e2e/move-repo.test.ts`.
 */
export class SqliteRepoMoves {
  readonly #database: AuthorityDatabase;
  readonly #names: RepoNameTable;
  readonly #follow: PreparedQuery<MovedColumns, unknown>;
  readonly #switchOff: PreparedQuery<{ readonly target_key: string }, unknown>;

  constructor(database: AuthorityDatabase, names: RepoNameTable) {
    this.#database = database;
    this.#names = names;
    this.#follow = prepareQuery(database.connection, (db, bind) =>
      db
        .updateTable("publishers")
        .set((row) => ({
          namespace: bind("namespace"),
          repo_name: bind("repo_name"),
          revoked_through: row.fn.coalesce(
            row.selectFrom("grants").select("grants.id").orderBy("id", "desc").limit(1),
            row.val(0),
          ),
        }))
        .where("target_key", "=", bind("target_key")),
    );
    this.#switchOff = prepareQuery(database.connection, (db, bind) =>
      db
        .updateTable("publishers")
        .set({ enabled: 0 })
        .where("target_key", "=", bind("target_key"))
        .where("enabled", "=", sql.lit(1)),
    );
  }

  /** The entry is `audit` and how many publishers were switched off; nothing is written unless the repo is moved. */
  move(move: RepoRenaming, audit: AuditEvent): Promise<"moved" | "taken" | "held" | "gone"> {
    return this.#database.commits.submit((chain) => {
      const outcome = this.#names.move(move);
      if (outcome !== "moved") return outcome;
      const target_key = `repo:${move.repoId}`;
      this.#follow.run({ target_key, namespace: move.to.namespace, repo_name: move.to.name });
      const isTransfer = move.from.namespace.toLowerCase() !== move.to.namespace.toLowerCase();
      const switchedOff = isTransfer ? this.#switchOff.run({ target_key }) : 0;
      chain.append({ ...audit, detail: { ...audit.detail, publishers_switched_off: switchedOff } });
      return outcome;
    });
  }
}
