import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";

/** The log itself, a cache of it, and what was seen of an issuer's keys: nothing that a caller changes. */
const LEFT_OUT: ReadonlySet<string> = new Set(["audit_log", "audit_tree", "issuer_keys_seen"]);

/** Everything that a caller could have changed, as text: rows of the database, refs of the repos, and what is in quarantine. Objects that no ref reaches do not count. */
export function storedState(dataDir: string): string {
  return [
    ...rowsOf(path.join(dataDir, "postern.db")),
    ...refsOf(path.join(dataDir, "repos")),
    ...namesBelow(path.join(dataDir, "lfs", "quarantine")),
  ].join("\n");
}

function rowsOf(file: string): readonly string[] {
  const database = new Database(file, { readonly: true });
  try {
    const tables = database
      .prepare<[], string>(
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name",
      )
      .pluck()
      .all();
    return tables
      .filter((table) => !LEFT_OUT.has(table))
      .flatMap((table) =>
        database
          .prepare<[], Readonly<Record<string, unknown>>>(`select * from ${table}`)
          .all()
          .map((row) => `${table} ${JSON.stringify({ ...row, last_used_at: undefined, noted: undefined })}`),
      );
  } finally {
    database.close();
  }
}

function namesBelow(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted() : [];
}

function refsOf(folder: string): readonly string[] {
  return (
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => file.includes(`${path.sep}refs${path.sep}`) || file.endsWith("packed-refs"))
      // Follows by itself, a little later, what `provenance_statements` says.
      .filter((file) => !file.includes(path.join("refs", "notes", "provenance")))
      .map((file) => `${path.relative(folder, file)} ${readFileSync(file, "latin1").trim()}`)
      .toSorted()
  );
}
