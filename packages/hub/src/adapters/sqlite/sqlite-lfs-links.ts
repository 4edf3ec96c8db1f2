import type { Clock } from "@postern/core/time/clock";
import { type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import type { HeldObject, LfsFiles } from "../../lfs/lfs-files.ts";
import type { LfsLink, LfsLinks, LfsLinkUpkeep } from "../../lfs/lfs-links.ts";
import { type LfsOid, parseLfsOid } from "../../lfs/lfs-oid.ts";
import type { HubDatabase } from "./hub-database.ts";

/** A claim is written down again only when the last one is this old, so that most commits write nothing. */
const CLAIM_FRESH_SECONDS = 3600;
const PAGE = 10_000;
const systemClock: Clock = { now: () => epochSeconds(Date.now() / 1000) };

/** Which repo holds which LFS object, in `postern.db`. The links of a repo go with its row. */
export class SqliteLfsLinks implements LfsLinks, LfsLinkUpkeep, LfsFiles {
  readonly #database: HubDatabase;

  readonly #clock: Clock;

  constructor(database: HubDatabase, clock: Clock = systemClock) {
    this.#database = database;
    this.#clock = clock;
  }

  async isLinked(repoId: string, oid: string): Promise<number | undefined> {
    return this.#database.get((db) =>
      db.selectFrom("lfs_links").select("size").where("repo_id", "=", repoId).where("oid", "=", oid),
    )?.size;
  }

  async add({ repoId, oid, size }: LfsLink): Promise<"linked" | "repo-missing"> {
    const now = this.#clock.now();
    return this.#database.write(() => {
      const repo = this.#database.get((db) => db.selectFrom("repos").select("repo_id").where("repo_id", "=", repoId));
      if (repo === undefined) return "repo-missing";
      this.#database.run((db) =>
        db
          .insertInto("lfs_links")
          .values({ repo_id: repoId, oid, size, linked_at: now })
          .onConflict((conflict) => conflict.columns(["repo_id", "oid"]).doUpdateSet({ linked_at: now })),
      );
      return "linked";
    });
  }

  async claim(repoId: string, oid: string): Promise<number | undefined> {
    const now = this.#clock.now();
    return this.#database.write(() => {
      const link = this.#database.get((db) =>
        db.selectFrom("lfs_links").select(["size", "linked_at"]).where("repo_id", "=", repoId).where("oid", "=", oid),
      );
      if (link !== undefined && link.linked_at < now - CLAIM_FRESH_SECONDS) {
        this.#database.run((db) =>
          db.updateTable("lfs_links").set({ linked_at: now }).where("repo_id", "=", repoId).where("oid", "=", oid),
        );
      }
      return link?.size;
    });
  }

  count(): number {
    return (
      this.#database.get((db) => db.selectFrom("lfs_links").select(({ fn }) => fn.countAll<number>().as("links")))
        ?.links ?? 0
    );
  }

  *all(): Generator<LfsLink & { readonly linkedAt: EpochSeconds }> {
    let last = { oid: "", repo_id: "" };
    for (;;) {
      // Page by page: no statement stays open while the reader does something else.
      const rows = this.#database.all((db) =>
        db
          .selectFrom("lfs_links")
          .selectAll()
          .where(({ eb, refTuple, tuple }) => eb(refTuple("oid", "repo_id"), ">", tuple(last.oid, last.repo_id)))
          .orderBy("oid")
          .orderBy("repo_id")
          .limit(PAGE),
      );
      for (const { repo_id, oid: text, size, linked_at } of rows) {
        const oid = parseLfsOid(text);
        if (oid === undefined) throw new Error(`a link of repo ${repo_id} names no object`);
        yield { repoId: repo_id, oid, size, linkedAt: epochSeconds(linked_at) };
      }
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end;
    }
  }

  releaseOld(oid: LfsOid, before: EpochSeconds): "released" | "kept" {
    return this.#database.write(() => {
      const young = this.#database.get((db) =>
        db.selectFrom("lfs_links").select("repo_id").where("oid", "=", oid).where("linked_at", ">=", before).limit(1),
      );
      if (young !== undefined) return "kept";
      this.#database.run((db) => db.deleteFrom("lfs_links").where("oid", "=", oid));
      return "released";
    });
  }

  async listLinked(
    repoId: string,
    { after, limit }: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly HeldObject[]> {
    return this.#database
      .all((db) =>
        db
          .selectFrom("lfs_links")
          .select(["oid", "size", "linked_at"])
          .where("repo_id", "=", repoId)
          .where("oid", ">", after ?? "")
          .orderBy("oid")
          .limit(limit),
      )
      .map(({ oid: text, size, linked_at }) => {
        const oid = parseLfsOid(text);
        if (oid === undefined) throw new Error(`the repo ${repoId} holds something that is no LFS object`);
        return { oid, size, linkedAt: epochSeconds(linked_at) };
      });
  }

  async unlink(repoId: string, oids: readonly LfsOid[]): Promise<number> {
    return this.#database.write(() =>
      oids.reduce(
        (count, oid) =>
          count +
          this.#database.run((db) => db.deleteFrom("lfs_links").where("repo_id", "=", repoId).where("oid", "=", oid)),
        0,
      ),
    );
  }
}
