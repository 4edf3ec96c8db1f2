import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { PullUpload, PullUploads } from "../../discussions/pull-uploads.ts";
import type { HubDatabase } from "./hub-database.ts";

/** Uploads for pull requests, counted in `postern.db`. */
export class SqlitePullUploads implements PullUploads {
  readonly #database: HubDatabase;

  constructor(database: HubDatabase) {
    this.#database = database;
  }

  async reserve(
    repoId: string,
    user: string,
    uploads: readonly PullUpload[],
    { since, now, budget }: { since: EpochSeconds; now: EpochSeconds; budget: number },
  ): Promise<"reserved" | "full" | "missing"> {
    const user_key = user.toLowerCase();
    return this.#database.write(() => {
      const repo = this.#database.get((db) => db.selectFrom("repos").select("repo_id").where("repo_id", "=", repoId));
      if (repo === undefined) return "missing";
      const counted = this.#database.all((db) =>
        db
          .selectFrom("pull_uploads")
          .select(["repo_id", "oid", "size"])
          .where("user_key", "=", user_key)
          .where("asked_at", ">", since),
      );
      const here = new Set(counted.filter(({ repo_id }) => repo_id === repoId).map(({ oid }) => oid));
      const wanted = new Map(uploads.filter(({ oid }) => !here.has(oid)).map((upload) => [upload.oid, upload.size]));
      const used = counted.reduce((sum, { size }) => sum + size, 0);
      const asked = [...wanted.values()].reduce((sum, size) => sum + size, 0);
      if (used + asked > budget) return "full";
      for (const [oid, size] of wanted) {
        this.#database.run((db) =>
          db
            .insertInto("pull_uploads")
            .values({ repo_id: repoId, user_key, oid, size, asked_at: now })
            .onConflict((conflict) =>
              conflict.columns(["repo_id", "user_key", "oid"]).doUpdateSet({ size, asked_at: now }),
            ),
        );
      }
      return "reserved";
    });
  }
}
