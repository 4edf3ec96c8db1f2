import { type Kysely, type Selectable, type SelectQueryBuilder, sql } from "kysely";
import type { ListPlace, RepoOrder, RepoQuery } from "../../repos/repo-catalogue.ts";
import type { HubTables, RepoRow } from "./hub-tables.ts";

/** What each order compares; ties go by `seq`. `repo_key` begins with the kind, which is the same for all of a list. */
const COLUMNS = { created: "seq", updated: "updated_at", id: "repo_key" } as const satisfies Record<RepoOrder, string>;

/** One page of a list. */
export function selectRepos(
  db: Kysely<HubTables>,
  { kind, visible, author, search, tags, pipelineTag, order, ascending, after, limit }: RepoQuery,
): SelectQueryBuilder<HubTables, "repos", Selectable<RepoRow>> {
  const column = COLUMNS[order];
  const direction = ascending ? "asc" : "desc";
  let query = db.selectFrom("repos").selectAll().where("kind", "=", kind).orderBy(column, direction);
  if (column !== "seq") query = query.orderBy("seq", direction);
  if (visible.kind === "some") {
    query = query.where(({ eb, fn, or }) =>
      or([
        eb("visibility", "=", "public"),
        ...(visible.namespaces.length === 0 ? [] : [eb(fn("lower", ["namespace"]), "in", visible.namespaces)]),
        ...(visible.repoId === undefined ? [] : [eb("repo_id", "=", visible.repoId)]),
      ]),
    );
  }
  if (author !== undefined) {
    query = query.where(({ eb, fn }) => eb(fn("lower", ["namespace"]), "=", author.toLowerCase()));
  }
  for (const part of search) {
    query = query.where(sql<number>`instr(lower(namespace || '/' || name), ${part.toLowerCase()})`, ">", 0);
  }
  if (pipelineTag !== undefined) query = query.where("pipeline_tag", "=", pipelineTag);
  for (const tag of tags) {
    query = query.where("repo_id", "in", (db) =>
      db.selectFrom("repo_tags").select("repo_id").where("tag_key", "=", tag.toLowerCase()),
    );
  }
  if (after !== undefined) query = query.where(behind(column, ascending, after));
  return query.limit(limit);
}

function behind(column: (typeof COLUMNS)[RepoOrder], ascending: boolean, { value, seq }: ListPlace) {
  const compared = sql.raw<boolean>(ascending ? ">" : "<");
  return column === "seq"
    ? sql<boolean>`seq ${compared} ${seq}`
    : sql<boolean>`(${sql.ref(column)}, seq) ${compared} (${value}, ${seq})`;
}

/** Where in its list a row stands. */
export function placeOf(row: Selectable<RepoRow>, order: RepoOrder): ListPlace {
  return { value: row[COLUMNS[order]], seq: row.seq };
}
