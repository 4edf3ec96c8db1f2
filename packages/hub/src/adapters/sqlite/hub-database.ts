import { closeSync, openSync } from "node:fs";
import Database from "better-sqlite3";
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { migrateHub } from "./hub-migrations.ts";
import type { HubTables } from "./hub-tables.ts";

/** How long a write waits for another process (a command on the same data directory), in milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

/** Builds and compiles queries; executes nothing. */
const builder: Kysely<HubTables> = new Kysely<HubTables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

interface Compilable<O> {
  compile(): CompiledQuery<O>;
}

/** The hub's own connection to `postern.db`. Everything is synchronous: no statement is ever open across an `await`. */
export class HubDatabase implements Disposable {
  readonly #connection: Database.Database;

  private constructor(connection: Database.Database) {
    this.#connection = connection;
  }

  /** Opens (or makes, readable by its owner only) the file and brings the hub's tables to the newest version. */
  static async open(path: string): Promise<HubDatabase> {
    createPrivately(path);
    const connection = new Database(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      connection.pragma("journal_mode = wal");
      // What was answered survives a power cut.
      connection.pragma("synchronous = full");
      connection.pragma("foreign_keys = on");
      await migrateHub(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
    return new HubDatabase(connection);
  }

  /**
   * Compiles a query of one text parameter once, for look-ups that every request makes.
   *
   * @param build - Gets a stand-in for the text; it must use it exactly once.
   */
  lookup<O>(build: (db: Kysely<HubTables>, text: string) => Compilable<O>): (text: string) => O | undefined {
    const statement = this.#connection.prepare<[string], O>(build(builder, "").compile().sql);
    return (text) => statement.get(text);
  }

  /**
   * On a connection that somebody else opened, migrated by `open` before and closes: what runs here is part of that one's transaction.
   */
  static on(connection: Database.Database): HubDatabase {
    return new HubDatabase(connection);
  }

  all<O>(build: (db: Kysely<HubTables>) => Compilable<O>): O[] {
    const { sql, parameters } = build(builder).compile();
    return this.#connection.prepare<unknown[], O>(sql).all(...parameters);
  }

  get<O>(build: (db: Kysely<HubTables>) => Compilable<O>): O | undefined {
    const { sql, parameters } = build(builder).compile();
    return this.#connection.prepare<unknown[], O>(sql).get(...parameters);
  }

  /** @returns how many rows changed. */
  run(build: (db: Kysely<HubTables>) => Compilable<unknown>): number {
    const { sql, parameters } = build(builder).compile();
    return this.#connection.prepare(sql).run(...parameters).changes;
  }

  /** All or nothing; takes the write lock at once, so that what it reads cannot change before it writes. */
  write<T>(unit: () => T): T {
    return this.#connection.transaction(unit).immediate();
  }

  close(): void {
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
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
