import type { AuditEvent } from "@postern/core/audit/audit-event";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { SWITCH_NAMES, type SwitchedOff, type SwitchName, type SwitchStore } from "../../switches/switches.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import type { SwitchRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

/** Switches that are off, in `postern.db`. */
export class SqliteSwitchStore implements SwitchStore {
  readonly #database: AuthorityDatabase;
  readonly #all: PreparedQuery<Record<never, never>, SwitchRow>;
  readonly #insert: PreparedQuery<SwitchRow, unknown>;
  readonly #delete: PreparedQuery<{ readonly name: string }, unknown>;

  constructor(database: AuthorityDatabase) {
    const { connection } = database;
    this.#database = database;
    this.#all = prepareQuery(connection, (db) => db.selectFrom("switches").selectAll().orderBy("name"));
    this.#insert = prepareQuery(connection, (db, bind) =>
      db.insertInto("switches").values({
        name: bind("name"),
        reason: bind("reason"),
        switched_off_at: bind("switched_off_at"),
        switched_off_by: bind("switched_off_by"),
      }),
    );
    this.#delete = prepareQuery(connection, (db, bind) => db.deleteFrom("switches").where("name", "=", bind("name")));
  }

  async list(): Promise<readonly SwitchedOff[]> {
    return this.#all.all({}).map((row) => {
      const name = SWITCH_NAMES.find((known) => known === row.name);
      // A switch that this version does not know must not be taken for "on".
      if (name === undefined) throw new Error(`stored switch ${row.name} cannot be read`);
      return { name, reason: row.reason, at: epochSeconds(row.switched_off_at), by: row.switched_off_by };
    });
  }

  switchOff(off: SwitchedOff, audit: AuditEvent): Promise<void> {
    return this.#database.commits.submit((chain) => {
      this.#delete.run({ name: off.name });
      this.#insert.run({ name: off.name, reason: off.reason, switched_off_at: off.at, switched_off_by: off.by });
      chain.append(audit);
    });
  }

  switchOn(name: SwitchName, audit: AuditEvent): Promise<void> {
    return this.#database.commits.submit((chain) => {
      this.#delete.run({ name });
      chain.append(audit);
    });
  }
}
