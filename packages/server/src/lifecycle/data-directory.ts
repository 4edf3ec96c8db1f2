import { chmodSync, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { ConfigError } from "../config/config-error.ts";

/** A data directory that this process alone serves. */
export interface DataDirectory extends Disposable {
  readonly path: string;
  readonly database: string;
  /** Whether the database was there before this start. */
  readonly isNew: boolean;
}

/**
 * Opens (and on a first start makes, for its owner only) the data directory and locks it until disposal or the end of the process.
 *
 * Two servers on one directory would each keep the head of the audit chain in memory and fork it. The lock is SQLite's own on a file of
 * its own, because the system lets go of it at `kill -9` too.
 *
 * @throws {ConfigError} when the directory cannot be made or another server holds it.
 */
export function openDataDirectory(directory: string): DataDirectory {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new ConfigError(
      "data",
      `${directory} cannot be made (${codeOf(cause)})`,
      "--data /var/lib/postern, owned by the user that runs the server",
    );
  }
  const database = path.join(directory, "postern.db");
  const isNew = !existsSync(database);
  const lockFile = path.join(directory, "server.lock");
  let lock: Database.Database;
  try {
    lock = new Database(lockFile, { timeout: 0 });
    lock.pragma("locking_mode = EXCLUSIVE");
    lock.exec("BEGIN EXCLUSIVE");
    chmodSync(lockFile, 0o600);
  } catch (cause) {
    const code = codeOf(cause);
    const held = code.startsWith("SQLITE_BUSY");
    throw new ConfigError(
      "data",
      held ? `another Postern server is using ${directory}` : `${directory} cannot be used (${code})`,
      held
        ? "stop that server, or give this one its own --data directory"
        : "--data /var/lib/postern, owned by the user that runs the server",
    );
  }
  return { path: directory, database, isNew, [Symbol.dispose]: () => lock.close() };
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
}
