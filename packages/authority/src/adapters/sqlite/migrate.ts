import type Database from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { firstTables } from "./migrations/2026-11-21-first-tables.ts";
import { keyRotationAndSwitches } from "./migrations/2026-11-21-key-rotation-and-switches.ts";
import { refusedAttempts } from "./migrations/2026-11-21-refused-attempts.ts";
import { sourceAddresses } from "./migrations/2026-11-21-source-addresses.ts";
import { uploadedKeys } from "./migrations/2026-11-21-uploaded-keys.ts";
import { auditCheckpoints } from "./migrations/2026-11-22-audit-checkpoints.ts";
import { issuerKeysSeen } from "./migrations/2026-11-22-issuer-keys-seen.ts";
import { publisherAudience } from "./migrations/2026-11-22-publisher-audience.ts";
import { spentTokenHorizons } from "./migrations/2026-11-23-spent-token-horizons.ts";
import { tokenBindings } from "./migrations/2026-11-23-token-bindings.ts";
import { publisherChanges } from "./migrations/2026-11-24-publisher-changes.ts";
import { provenance } from "./migrations/2026-11-25-provenance.ts";
import { signingKeyOrder } from "./migrations/2026-11-26-signing-key-order.ts";
import { confirmedIssuerKeys } from "./migrations/2026-11-27-confirmed-issuer-keys.ts";

/** In the order of their names. One that was released is never edited again. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "2026-11-21-first-tables": firstTables,
  "2026-11-21-key-rotation-and-switches": keyRotationAndSwitches,
  "2026-11-21-refused-attempts": refusedAttempts,
  "2026-11-21-source-addresses": sourceAddresses,
  "2026-11-21-uploaded-keys": uploadedKeys,
  "2026-11-22-audit-checkpoints": auditCheckpoints,
  "2026-11-22-issuer-keys-seen": issuerKeysSeen,
  "2026-11-22-publisher-audience": publisherAudience,
  "2026-11-23-spent-token-horizons": spentTokenHorizons,
  "2026-11-23-token-bindings": tokenBindings,
  "2026-11-24-publisher-changes": publisherChanges,
  "2026-11-25-provenance": provenance,
  "2026-11-26-signing-key-order": signingKeyOrder,
  "2026-11-27-confirmed-issuer-keys": confirmedIssuerKeys,
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
