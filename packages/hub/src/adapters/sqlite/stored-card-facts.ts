import { isDeepStrictEqual } from "node:util";
import type { RepoKind } from "@postern/core/resource/repo-kind";
import type { CardFacts } from "../../repos/card-facts.ts";
import type { HubDatabase } from "./hub-database.ts";

/** Puts what a card says in place of what it said before; nothing when the repo is gone. Part of the caller's transaction. */
export function storeFacts(database: HubDatabase, repoId: string, { pipelineTag, libraryName, tags }: CardFacts): void {
  const row = database.get((db) =>
    db.selectFrom("repos").select(["pipeline_tag", "library_name"]).where("repo_id", "=", repoId),
  );
  if (row === undefined) return;
  const before = [
    row.pipeline_tag ?? undefined,
    row.library_name ?? undefined,
    ...(tagsOf(database, [repoId]).get(repoId) ?? []),
  ];
  // Most commits leave the card as it is, and a write is a wait for the disk.
  if (isDeepStrictEqual(before, [pipelineTag, libraryName, ...distinct(tags)])) return;
  database.run((db) =>
    db
      .updateTable("repos")
      .set({ pipeline_tag: pipelineTag ?? null, library_name: libraryName ?? null })
      .where("repo_id", "=", repoId),
  );
  database.run((db) => db.deleteFrom("repo_tags").where("repo_id", "=", repoId));
  for (const [place, tag] of distinct(tags).entries()) {
    database.run((db) =>
      db.insertInto("repo_tags").values({ repo_id: repoId, tag_key: tag.toLowerCase(), tag, place }),
    );
  }
}

/** Each tag once, whatever its case, as it is spelled first. */
function distinct(tags: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return tags.filter((tag) => !seen.has(tag.toLowerCase()) && seen.add(tag.toLowerCase()) !== undefined);
}

/** The tags of some repos, each in the order of its card. */
export function tagsOf(database: HubDatabase, repoIds: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const tags = new Map<string, string[]>();
  if (repoIds.length === 0) return tags;
  const rows = database.all((db) =>
    db.selectFrom("repo_tags").select(["repo_id", "tag"]).where("repo_id", "in", repoIds).orderBy("place"),
  );
  for (const { repo_id, tag } of rows) {
    const list = tags.get(repo_id) ?? [];
    list.push(tag);
    tags.set(repo_id, list);
  }
  return tags;
}

/** What the cards of public repos say, the commonest first; a private repo's tags are its own. */
export function publicTagsOf(database: HubDatabase, kind: RepoKind, limit: number): readonly string[] {
  return database
    .all((db) =>
      db
        .selectFrom("repo_tags")
        .innerJoin("repos", "repos.repo_id", "repo_tags.repo_id")
        .select(({ fn }) => [fn.min("repo_tags.tag").as("tag"), fn.countAll<number>().as("repos")])
        .where("repos.kind", "=", kind)
        .where("repos.visibility", "=", "public")
        .where("repos.disabled", "=", 0)
        .groupBy("repo_tags.tag_key")
        .orderBy("repos", "desc")
        .orderBy("tag")
        .limit(limit),
    )
    .map(({ tag }) => tag);
}
