import { type RepoRef, repoKeyOf } from "@postern/core/resource/repo-ref";
import type { MoveOutcome, RepoMove } from "../../repos/move-repo.ts";
import type { HubDatabase } from "./hub-database.ts";
import { SqliteHeldNames } from "./sqlite-held-names.ts";

/** Former names that are remembered of one repo; the oldest end first. */
const MAX_FORMER_NAMES = 50;

/**
 * Names of repos, present and former, in `postern.db`. Synchronous: the authority runs `move` inside its own write unit, on its own
 * connection, so that the name, the publishers that lose their rights and the audit entry change together or not at all.
 */
export class SqliteRepoNames {
  readonly #database: HubDatabase;
  readonly #held: SqliteHeldNames;

  constructor(database: HubDatabase) {
    this.#database = database;
    this.#held = new SqliteHeldNames(database);
  }

  /** Gives the repo its new name and remembers the old one. Part of the caller's transaction. */
  move({ repoId, from, to, at }: RepoMove): MoveOutcome {
    const [fromKey, toKey] = [repoKeyOf(from), repoKeyOf(to)];
    const database = this.#database;
    const idOf = (key: string): string | undefined =>
      database.get((db) => db.selectFrom("repos").select("repo_id").where("repo_key", "=", key))?.repo_id;
    if (idOf(fromKey) !== repoId) return "gone";
    if (fromKey !== toKey && idOf(toKey) !== undefined) return "taken";
    if (this.#held.find(to, at) !== undefined) return "held";
    this.endRedirect(to);
    database.run((db) =>
      db
        .updateTable("repos")
        .set({ repo_key: toKey, namespace: to.namespace, name: to.name, updated_at: at })
        .where("repo_id", "=", repoId),
    );
    if (fromKey === toKey) return "moved";
    database.run((db) => db.insertInto("former_names").values({ repo_key: fromKey, repo_id: repoId, moved_at: at }));
    for (const { repo_key } of this.#forgotten(repoId)) {
      database.run((db) => db.deleteFrom("former_names").where("repo_key", "=", repo_key));
    }
    return "moved";
  }

  /** Whoever takes a name again gets it whole. */
  endRedirect(repo: RepoRef): void {
    this.#database.run((db) => db.deleteFrom("former_names").where("repo_key", "=", repoKeyOf(repo)));
  }

  #forgotten(repoId: string): readonly { readonly repo_key: string }[] {
    return this.#database
      .all((db) =>
        db
          .selectFrom("former_names")
          .select("repo_key")
          .where("repo_id", "=", repoId)
          .orderBy("moved_at", "desc")
          .limit(MAX_FORMER_NAMES + 100),
      )
      .slice(MAX_FORMER_NAMES);
  }
}
