import { REPO_KINDS } from "@postern/core/resource/repo-kind";
import { parseRepoRef, type RepoRef, repoKeyOf } from "@postern/core/resource/repo-ref";
import { type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import type { HeldName } from "../../repos/held-name.ts";
import type { HubDatabase } from "./hub-database.ts";
import type { HeldNameRow } from "./hub-tables.ts";

/**
 * Held names in `postern.db`. Synchronous: the authority runs these inside its own write units, on its own connection, so that a name,
 * its publisher and the audit entry are stored together or not at all.
 */
export class SqliteHeldNames {
  readonly #database: HubDatabase;
  readonly #byKey: (key: string) => HeldNameRow | undefined;

  constructor(database: HubDatabase) {
    this.#database = database;
    // Every exchange asks.
    this.#byKey = database.lookup((db, key) => db.selectFrom("held_names").selectAll().where("repo_key", "=", key));
  }

  find(repo: RepoRef, now: EpochSeconds): HeldName | undefined {
    const row = this.#byKey(repoKeyOf(repo));
    return row === undefined || row.expires_at <= now ? undefined : toHeldName(row);
  }

  /** `taken` when a repo has the name or somebody holds it; `full` when the holder holds `quota` names already. */
  hold(name: HeldName, now: EpochSeconds, quota: number): "held" | "taken" | "full" {
    const key = repoKeyOf(name.repo);
    const repo = this.#database.get((db) => db.selectFrom("repos").select("repo_id").where("repo_key", "=", key));
    if (repo !== undefined || this.find(name.repo, now) !== undefined) return "taken";
    if (this.#liveOf(name.heldBy, now) >= quota) return "full";
    this.#database.run((db) => db.deleteFrom("held_names").where("repo_key", "=", key));
    this.#database.run((db) =>
      db.insertInto("held_names").values({
        repo_key: key,
        repo_id: name.repoId,
        kind: name.repo.kind,
        namespace: name.repo.namespace,
        name: name.repo.name,
        visibility: name.visibility,
        held_by: name.heldBy,
        expires_at: name.expiresAt,
      }),
    );
    return "held";
  }

  /** Makes the held name a repo in the catalogue; its git storage must be in place. False when it is not held any more. */
  become(repoId: string, createdBy: string, at: EpochSeconds): boolean {
    const row = this.#database.get((db) =>
      db.selectFrom("held_names").selectAll().where("repo_id", "=", repoId).where("expires_at", ">", at),
    );
    if (row === undefined) return false;
    this.release(repoId);
    const { repo_key, kind, namespace, name, visibility } = row;
    const repo = { repo_id: repoId, repo_key, kind, namespace, name, visibility, created_by: createdBy };
    this.#database.run((db) => db.insertInto("repos").values({ ...repo, created_at: at, updated_at: at }));
    // A repo that had the name before it was moved is not reached by it any more.
    this.#database.run((db) => db.deleteFrom("former_names").where("repo_key", "=", repo_key));
    return true;
  }

  /** False when it was not held. */
  release(repoId: string): boolean {
    return this.#database.run((db) => db.deleteFrom("held_names").where("repo_id", "=", repoId)) === 1;
  }

  /** Names whose time is over and that nobody took meanwhile. */
  expired(now: EpochSeconds, limit: number): readonly HeldName[] {
    return this.#database
      .all((db) =>
        db.selectFrom("held_names").selectAll().where("expires_at", "<=", now).orderBy("expires_at").limit(limit),
      )
      .map(toHeldName);
  }

  #liveOf(holder: string, now: EpochSeconds): number {
    return this.#database.all((db) =>
      db
        .selectFrom("held_names")
        .select("repo_id")
        .where(({ eb, fn }) => eb(fn("lower", ["held_by"]), "=", holder.toLowerCase()))
        .where("expires_at", ">", now),
    ).length;
  }
}

/** Rows pass the same grammar as requests, so that a damaged row cannot become a path or a link. */
function toHeldName(row: HeldNameRow): HeldName {
  const kind = REPO_KINDS.find((known) => known === row.kind);
  const repo = kind === undefined ? undefined : parseRepoRef(kind, row.namespace, row.name);
  if (repo === undefined) throw new Error(`the row of the held name ${row.repo_key} is damaged`);
  return {
    repo,
    repoId: row.repo_id,
    visibility: row.visibility,
    heldBy: row.held_by,
    expiresAt: epochSeconds(row.expires_at),
  };
}
