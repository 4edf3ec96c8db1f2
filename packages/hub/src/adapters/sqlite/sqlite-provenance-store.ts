import { sql } from "kysely";
import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import type { NewStatement, ProvenanceStore, StoredStatement } from "../../provenance/provenance-store.ts";
import type { HubDatabase } from "./hub-database.ts";

/** A literal: a bound value would keep SQLite from the partial index. */
const NOT_NOTED = sql.lit<0>(0);
/** Most commits that are asked about in one query. */
const MAX_ASKED = 500;

/** Statements about commits in `postern.db`. */
export class SqliteProvenanceStore implements ProvenanceStore {
  readonly #database: HubDatabase;

  constructor(database: HubDatabase) {
    this.#database = database;
  }

  async add({ repoId, commits, envelope }: NewStatement): Promise<void> {
    this.#database.write(() => {
      const made = this.#database.get((db) =>
        db.insertInto("provenance_statements").values({ repo_id: repoId, envelope }).returning("id"),
      );
      if (made === undefined) throw new Error("a statement was not stored");
      for (const commit of commits) {
        this.#database.run((db) =>
          db
            .insertInto("provenance_commits")
            .values({ repo_id: repoId, commit_id: commit, statement_id: made.id })
            .onConflict((conflict) =>
              conflict.columns(["repo_id", "commit_id"]).doUpdateSet({ statement_id: made.id }),
            ),
        );
      }
    });
  }

  async find(repoId: string, commits: readonly ObjectId[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (let start = 0; start < commits.length; start += MAX_ASKED) {
      const asked = commits.slice(start, start + MAX_ASKED);
      const rows = this.#database.all((db) =>
        db
          .selectFrom("provenance_commits")
          .innerJoin("provenance_statements", "provenance_statements.id", "provenance_commits.statement_id")
          .select(["provenance_commits.commit_id", "provenance_statements.envelope"])
          .where("provenance_commits.repo_id", "=", repoId)
          .where("provenance_commits.commit_id", "in", asked),
      );
      for (const { commit_id, envelope } of rows) found.set(commit_id, envelope);
    }
    return found;
  }

  async reposToNote(): Promise<readonly string[]> {
    return this.#database
      .all((db) =>
        db
          .selectFrom("provenance_statements")
          // A crash may have left the statement of a repo that did not come to be.
          .innerJoin("repos", "repos.repo_id", "provenance_statements.repo_id")
          .select("provenance_statements.repo_id")
          .where("noted", "=", NOT_NOTED)
          .distinct(),
      )
      .map(({ repo_id }) => repo_id);
  }

  async toNote(repoId: string, limit: number): Promise<readonly StoredStatement[]> {
    const statements = this.#database.all((db) =>
      db
        .selectFrom("provenance_statements")
        .select(["id", "envelope"])
        .where("repo_id", "=", repoId)
        .where("noted", "=", NOT_NOTED)
        .orderBy("id")
        .limit(limit),
    );
    return statements.map(({ id, envelope }) => ({ id, repoId, envelope, commits: this.#commitsOf(repoId, id) }));
  }

  async markNoted(ids: readonly number[]): Promise<void> {
    this.#database.run((db) => db.updateTable("provenance_statements").set({ noted: 1 }).where("id", "in", ids));
  }

  #commitsOf(repoId: string, statementId: number): readonly ObjectId[] {
    return this.#database
      .all((db) =>
        db
          .selectFrom("provenance_commits")
          .select("commit_id")
          .where("repo_id", "=", repoId)
          .where("statement_id", "=", statementId),
      )
      .flatMap(({ commit_id }) => parseObjectId(commit_id) ?? []);
  }
}
