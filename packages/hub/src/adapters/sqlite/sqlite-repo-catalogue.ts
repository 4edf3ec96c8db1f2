import type { GateMode, Visibility } from "@postern/core/access/repo-access";
import { HubError } from "@postern/core/error/hub-error";
import { REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import { parseRepoRef, type RepoRef, repoKeyOf } from "@postern/core/resource/repo-ref";
import { type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import type { Selectable } from "kysely";
import type { CardFacts } from "../../repos/card-facts.ts";
import type { HeldName } from "../../repos/held-name.ts";
import type { ListedRepo, RepoCatalogue, RepoQuery, StoredRepo } from "../../repos/repo-catalogue.ts";
import type { HubDatabase } from "./hub-database.ts";
import type { RepoRow } from "./hub-tables.ts";
import { placeOf, selectRepos } from "./select-repos.ts";
import { SqliteHeldNames } from "./sqlite-held-names.ts";
import { SqliteRepoNames } from "./sqlite-repo-names.ts";
import { publicTagsOf, storeFacts, tagsOf } from "./stored-card-facts.ts";

/** The catalogue of repos in `postern.db`. */
export class SqliteRepoCatalogue implements RepoCatalogue {
  readonly #database: HubDatabase;
  readonly #held: SqliteHeldNames;
  readonly #names: SqliteRepoNames;
  readonly #byKey: (key: string) => Selectable<RepoRow> | undefined;
  readonly #byFormerKey: (key: string) => Selectable<RepoRow> | undefined;

  constructor(database: HubDatabase) {
    this.#database = database;
    this.#held = new SqliteHeldNames(database);
    this.#names = new SqliteRepoNames(database);
    this.#byKey = database.lookup((db, key) => db.selectFrom("repos").selectAll().where("repo_key", "=", key));
    this.#byFormerKey = database.lookup((db, key) =>
      db
        .selectFrom("former_names")
        .innerJoin("repos", "repos.repo_id", "former_names.repo_id")
        .selectAll("repos")
        .where("former_names.repo_key", "=", key),
    );
  }

  async find(repo: RepoRef): Promise<StoredRepo | undefined> {
    const row = this.#byKey(repoKeyOf(repo));
    return row === undefined ? undefined : toStoredRepo(row);
  }

  async findById(repoId: string): Promise<StoredRepo | undefined> {
    const row = this.#database.get((db) => db.selectFrom("repos").selectAll().where("repo_id", "=", repoId));
    return row === undefined ? undefined : toStoredRepo(row);
  }

  async findMoved(former: RepoRef): Promise<StoredRepo | undefined> {
    const row = this.#byFormerKey(repoKeyOf(former));
    return row === undefined ? undefined : toStoredRepo(row);
  }

  async create(
    { repo, repoId, visibility, createdAt, updatedAt, createdBy }: StoredRepo,
    linksOf?: string,
  ): Promise<"created" | "exists" | "held"> {
    return this.#database.write(() => {
      const held = this.#held.find(repo, createdAt);
      if (held !== undefined && held.repoId !== repoId) return "held";
      const changes = this.#database.run((db) =>
        db
          .insertInto("repos")
          .values({
            repo_id: repoId,
            repo_key: repoKeyOf(repo),
            kind: repo.kind,
            namespace: repo.namespace,
            name: repo.name,
            visibility,
            created_at: createdAt,
            updated_at: updatedAt,
            created_by: createdBy,
          })
          .onConflict((conflict) => conflict.column("repo_key").doNothing()),
      );
      if (changes === 0) return "exists";
      this.#held.release(repoId);
      this.#names.endRedirect(repo);
      if (linksOf !== undefined) this.#copyLinks(linksOf, repoId);
      return "created";
    });
  }

  #copyLinks(from: string, to: string): void {
    const source = this.#database.get((db) => db.selectFrom("repos").select("repo_id").where("repo_id", "=", from));
    // Its objects may go now that nobody holds them; a copy without them would be a broken one.
    if (source === undefined)
      throw new HubError(404, "RepoNotFound", "The repo was deleted while it was being copied.");
    this.#database.run((db) =>
      db
        .insertInto("lfs_links")
        .columns(["repo_id", "oid", "size"])
        .expression(
          db
            .selectFrom("lfs_links")
            .select(({ val }) => [val(to).as("repo_id"), "oid", "size"])
            .where("repo_id", "=", from),
        ),
    );
  }

  async findHeld(repo: RepoRef, now: EpochSeconds): Promise<HeldName | undefined> {
    return this.#held.find(repo, now);
  }

  async delete(repoId: string): Promise<"deleted" | "missing"> {
    const changes = this.#database.run((db) => db.deleteFrom("repos").where("repo_id", "=", repoId));
    return changes === 1 ? "deleted" : "missing";
  }

  async setVisibility(repoId: string, visibility: Visibility, at: EpochSeconds): Promise<"changed" | "missing"> {
    const changes = this.#database.run((db) =>
      db.updateTable("repos").set({ visibility, updated_at: at }).where("repo_id", "=", repoId),
    );
    return changes === 1 ? "changed" : "missing";
  }

  async setTrustedPublishingOnly(repoId: string, on: boolean, at: EpochSeconds): Promise<"changed" | "missing"> {
    const changes = this.#database.run((db) =>
      db
        .updateTable("repos")
        .set({ trusted_publishing_only: on ? 1 : 0, updated_at: at })
        .where("repo_id", "=", repoId),
    );
    return changes === 1 ? "changed" : "missing";
  }

  async setDisabled(repoId: string, disabled: boolean, at: EpochSeconds): Promise<"changed" | "missing"> {
    const changes = this.#database.run((db) =>
      db
        .updateTable("repos")
        .set({ disabled: disabled ? 1 : 0, updated_at: at })
        .where("repo_id", "=", repoId),
    );
    return changes === 1 ? "changed" : "missing";
  }

  async setGate(repoId: string, gated: GateMode | undefined, at: EpochSeconds): Promise<"changed" | "missing"> {
    const changes = this.#database.run((db) =>
      db
        .updateTable("repos")
        .set({ gated: gated ?? null, updated_at: at })
        .where("repo_id", "=", repoId),
    );
    return changes === 1 ? "changed" : "missing";
  }

  async touch(repoId: string, at: EpochSeconds): Promise<void> {
    this.#database.run((db) => db.updateTable("repos").set({ updated_at: at }).where("repo_id", "=", repoId));
  }

  async describe(repoId: string, facts: CardFacts): Promise<void> {
    this.#database.write(() => storeFacts(this.#database, repoId, facts));
  }

  async publicTags(kind: RepoKind, limit: number): Promise<readonly string[]> {
    return publicTagsOf(this.#database, kind, limit);
  }

  async list(query: RepoQuery): Promise<readonly ListedRepo[]> {
    const rows = this.#database.all((db) => selectRepos(db, query));
    const tags = tagsOf(
      this.#database,
      rows.map(({ repo_id }) => repo_id),
    );
    return rows.map((row) => ({
      ...toStoredRepo(row),
      facts: {
        pipelineTag: row.pipeline_tag ?? undefined,
        libraryName: row.library_name ?? undefined,
        tags: tags.get(row.repo_id) ?? [],
      },
      place: placeOf(row, query.order),
    }));
  }
}

/** Rows pass the same grammar as requests, so that a damaged row cannot become a path or a link. */
function toStoredRepo(row: Selectable<RepoRow>): StoredRepo {
  const kind = REPO_KINDS.find((known) => known === row.kind);
  const repo = kind === undefined ? undefined : parseRepoRef(kind, row.namespace, row.name);
  if (repo === undefined) throw new Error(`the row of repo ${row.repo_id} is damaged`);
  return {
    repo,
    repoId: row.repo_id,
    visibility: row.visibility,
    ...(row.disabled === 1 ? { disabled: true } : {}),
    ...(row.gated === null ? {} : { gated: row.gated }),
    ...(row.trusted_publishing_only === 1 ? { trustedPublishingOnly: true } : {}),
    createdAt: epochSeconds(row.created_at),
    updatedAt: epochSeconds(row.updated_at),
    createdBy: row.created_by,
  };
}
