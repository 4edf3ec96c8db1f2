import { ConfigError } from "../config/config-error.ts";

/**
 * A database that a newer version has migrated must not be touched by an older one; Kysely's Migrator notices and says so in its own
 * words ("corrupted migrations"), which would frighten an operator who merely went back a version.
 *
 * @returns the operator's sentence for that failure, and every other cause as it is.
 */
export function explainNewerDatabase(cause: unknown, dataDir: string): unknown {
  if (!(cause instanceof Error)) return cause;
  const migration = /^corrupted migrations: previously executed migration (\S+) is missing/.exec(cause.message)?.[1];
  if (migration === undefined) return cause;
  return new ConfigError(
    "data",
    `${dataDir} was written by a newer version of Postern (it knows ${migration}), which this one cannot read`,
    "start that version again, or restore a backup that was made before the upgrade",
  );
}
