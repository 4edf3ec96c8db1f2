import { closeSync, openSync } from "node:fs";
import Database from "better-sqlite3";
import { AuditAppender } from "./audit-appender.ts";
import { GroupCommit } from "./group-commit.ts";
import { LastUses } from "./last-uses.ts";
import { migrateAuthority } from "./migrate.ts";
import { WalFlusher } from "./wal-flusher.ts";

/** The open `postern.db`, handed to every SQLite adapter of the authority. */
export interface AuthorityDatabase {
  /** For reads. Writes go through `commits`, all of them: that is what makes them durable and audited. */
  readonly connection: Database.Database;
  readonly commits: GroupCommit;
  readonly lastUses: LastUses;
  /** The time of day in milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Writes what waits, finishes running commits and closes the file. */
  close(): Promise<void>;
}

export interface AuthorityDatabaseOptions {
  /** Path of `postern.db`; made, readable by its owner only, when absent. */
  readonly path: string;
  /** The time of day in milliseconds since 1970, for the audit log. */
  readonly nowMs: () => number;
}

/** How long a write waits for another process's write (a CLI command on the same data directory), in milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

/** A checkpoint blocks the event loop for two syncs, so it is rare: once per 16 MiB of log instead of 4. */
const CHECKPOINT_PAGES = 4096;

/** Opens the authority's tables, migrated to the newest version. */
export async function openAuthorityDatabase(options: AuthorityDatabaseOptions): Promise<AuthorityDatabase> {
  createPrivately(options.path);
  const connection = new Database(options.path, { timeout: BUSY_TIMEOUT_MS });
  try {
    // Without shared memory (some network file systems) SQLite keeps another mode, and `WalFlusher` would promise what it cannot hold.
    if (connection.pragma("journal_mode = wal", { simple: true }) !== "wal")
      throw new Error(`${options.path} is on a file system that cannot hold a write-ahead log; use a local disk`);
    connection.pragma("synchronous = normal");
    connection.pragma("foreign_keys = on");
    connection.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    await migrateAuthority(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
  const flusher = new WalFlusher(options.path);
  const commits = new GroupCommit(connection, new AuditAppender(connection, options.nowMs), flusher);
  const lastUses = new LastUses(connection, commits);
  return {
    connection,
    commits,
    lastUses,
    nowMs: options.nowMs,
    close: async () => {
      // A hint: a store that takes nothing any more must still close.
      await lastUses.write(Number.POSITIVE_INFINITY).catch(() => undefined);
      await commits.close();
      await flusher.close();
      connection.close();
    },
  };
}

/** SQLite gives `-wal` and `-shm` the mode of the database file, so this one call keeps all three private. */
function createPrivately(path: string): void {
  try {
    // `wx` only: closing a descriptor of an existing database would drop the locks that this process holds on it.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
