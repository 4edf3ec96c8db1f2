import type Database from "better-sqlite3";
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from "kysely";
import type { AuthorityTables } from "./authority-tables.ts";

/** What SQLite stores as it is. */
export type SqlValue = string | number | Uint8Array | null;

/** Stands in a query where a value comes at run time; typed as the parameter of that name. */
export type Bind<P> = <K extends keyof P & string>(name: K) => RawBuilder<P[K]>;

/** Compiled by Kysely and prepared by SQLite once; after that it costs only its execution. */
export interface PreparedQuery<P, O> {
  all(parameters: P): O[];
  get(parameters: P): O | undefined;
  /** @returns how many rows changed. */
  run(parameters: P): number;
}

class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Builds and compiles queries; executes nothing. */
const builder: Kysely<AuthorityTables> = new Kysely<AuthorityTables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

/** Prepares one query. `P` names its run-time parameters, `O` follows from the query. */
export function prepareQuery<P extends { readonly [K in keyof P]: SqlValue }, O>(
  connection: Database.Database,
  build: (db: Kysely<AuthorityTables>, bind: Bind<P>) => { compile(): CompiledQuery<O> },
): PreparedQuery<P, O> {
  const known = new Map<unknown, keyof P & string>();
  const compiled = build(builder, (name) => {
    const placeholder = new Placeholder(name);
    known.set(placeholder, name);
    return sql`${placeholder}`;
  }).compile();
  const slots = compiled.parameters.map((value) => ({ name: known.get(value), value }));
  const statement = connection.prepare<unknown[], O>(compiled.sql);
  const valuesOf = (parameters: P): unknown[] =>
    slots.map(({ name, value }) => (name === undefined ? value : parameters[name]));
  return {
    all: (parameters) => statement.all(...valuesOf(parameters)),
    get: (parameters) => statement.get(...valuesOf(parameters)),
    run: (parameters) => statement.run(...valuesOf(parameters)).changes,
  };
}
