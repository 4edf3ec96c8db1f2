import type Database from "better-sqlite3";
import type { StorageCensus } from "../../fsck/repo-inspector.ts";

const TABLES: readonly string[] = ["repos", "lfs_links", "held_names", "former_names"];

/** Looks at `postern.db` without changing it; the connection may be read-only. */
export class SqliteStorageCensus implements StorageCensus {
  readonly #connection: Database.Database;

  constructor(connection: Database.Database) {
    this.#connection = connection;
  }

  missingTables(): readonly string[] {
    const found = new Set(
      this.#connection.prepare<[], string>("select name from sqlite_schema where type = 'table'").pluck().all(),
    );
    return TABLES.filter((table) => !found.has(table));
  }

  damage(deep: boolean): readonly string[] {
    const rows: unknown = this.#connection.pragma(deep ? "integrity_check" : "quick_check");
    return textsOf(rows).filter((text) => text !== "ok");
  }

  foreignRows(): readonly string[] {
    const rows: unknown = this.#connection.pragma("foreign_key_check");
    return Array.isArray(rows) ? rows.map((row) => JSON.stringify(row)) : [];
  }

  repos(): readonly { readonly repoId: string; readonly name: string }[] {
    return this.#connection
      .prepare<[], { repo_id: string; kind: string; namespace: string; name: string }>(
        "select repo_id, kind, namespace, name from repos order by repo_id",
      )
      .all()
      .map(({ repo_id, kind, namespace, name }) => ({ repoId: repo_id, name: `${kind}s/${namespace}/${name}` }));
  }

  hasRepo(repoId: string): boolean {
    return this.#connection.prepare<[string]>("select 1 from repos where repo_id = ?").get(repoId) !== undefined;
  }
}

/** `[{ integrity_check: "ok" }]` */
function textsOf(rows: unknown): readonly string[] {
  if (!Array.isArray(rows)) return [];
  return rows.flatMap((row: unknown) =>
    typeof row === "object" && row !== null ? Object.values(row).map(String) : [],
  );
}
