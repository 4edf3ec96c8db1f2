import type Database from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { repos } from "./migrations/2026-11-21-repos.ts";
import { heldNames } from "./migrations/2026-11-21-repos-held-names.ts";
import { lfsLinks } from "./migrations/2026-11-21-repos-lfs-links.ts";
import { formerNames } from "./migrations/2026-11-22-repos-former-names.ts";
import { accessRequests } from "./migrations/2026-11-22-repos-gates.ts";
import { repoTags } from "./migrations/2026-11-22-repos-tags.ts";
import { pulls } from "./migrations/2026-11-23-repos-pulls.ts";
import { takenOff } from "./migrations/2026-11-23-repos-taken-off.ts";
import { reposProvenance } from "./migrations/2026-11-24-repos-provenance.ts";

/** In the order of their names. One that was released is never edited again. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "2026-11-21-repos": repos,
  "2026-11-21-repos-held-names": heldNames,
  "2026-11-21-repos-lfs-links": lfsLinks,
  "2026-11-22-repos-former-names": formerNames,
  "2026-11-22-repos-gates": accessRequests,
  "2026-11-22-repos-tags": repoTags,
  "2026-11-23-repos-pulls": pulls,
  "2026-11-23-repos-taken-off": takenOff,
  "2026-11-24-repos-provenance": reposProvenance,
};

/** Brings the hub's tables to the newest version. @throws whatever a migration threw; that migration is rolled back. */
export async function migrateHub(connection: Database.Database): Promise<void> {
  // Not destroyed afterwards: that would close the connection, which is not ours.
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: connection }) });
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => MIGRATIONS },
    // The authority keeps its own list in the same file.
    migrationTableName: "hub_migrations",
    migrationLockTableName: "hub_migrations_lock",
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
