import type Database from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { firstTables } from "./migrations/2026-11-21-first-tables.ts";
import { uploadedKeys } from "./migrations/2026-11-21-uploaded-keys.ts";

/** In the order of their names. One that was released is never edited again. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "2026-11-21-first-tables": firstTables,
  "2026-11-21-uploaded-keys": uploadedKeys,
};

/** Brings the authority's tables to the newest version. @throws whatever a migration threw; that migration is rolled back. */
export async function migrateAuthority(connection: Database.Database): Promise<void> {
  // Not destroyed afterwards: that would close the connection, which is not ours.
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: connection }) });
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => MIGRATIONS },
    // The hub keeps its own list in the same file.
    migrationTableName: "authority_migrations",
    migrationLockTableName: "authority_migrations_lock",
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
