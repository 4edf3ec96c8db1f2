import type { LfsLink, LfsLinks } from "../../lfs/lfs-links.ts";
import type { HubDatabase } from "./hub-database.ts";

/** Which repo holds which LFS object, in `postern.db`. The links of a repo go with its row. */
export class SqliteLfsLinks implements LfsLinks {
  readonly #database: HubDatabase;

  constructor(database: HubDatabase) {
    this.#database = database;
  }

  async isLinked(repoId: string, oid: string): Promise<number | undefined> {
    return this.#database.get((db) =>
      db.selectFrom("lfs_links").select("size").where("repo_id", "=", repoId).where("oid", "=", oid),
    )?.size;
  }

  async add({ repoId, oid, size }: LfsLink): Promise<"linked" | "repo-missing"> {
    return this.#database.write(() => {
      const repo = this.#database.get((db) => db.selectFrom("repos").select("repo_id").where("repo_id", "=", repoId));
      if (repo === undefined) return "repo-missing";
      this.#database.run((db) =>
        db
          .insertInto("lfs_links")
          .values({ repo_id: repoId, oid, size })
          .onConflict((conflict) => conflict.columns(["repo_id", "oid"]).doNothing()),
      );
      return "linked";
    });
  }
}
