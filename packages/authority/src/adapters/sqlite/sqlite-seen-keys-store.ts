import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { SeenKeysStore } from "../../issuers/issuer-key-watch.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

/** The keys that issuers were last seen with, in `postern.db`. */
export class SqliteSeenKeysStore implements SeenKeysStore {
  readonly #database: AuthorityDatabase;
  readonly #find: PreparedQuery<{ readonly issuer_id: string }, { readonly thumbprints: string }>;
  readonly #remember: PreparedQuery<{ readonly issuer_id: string; readonly thumbprints: string }, unknown>;

  constructor(database: AuthorityDatabase) {
    const { connection } = database;
    this.#database = database;
    this.#find = prepareQuery(connection, (db, bind) =>
      db.selectFrom("issuer_keys_seen").select("thumbprints").where("issuer_id", "=", bind("issuer_id")),
    );
    this.#remember = prepareQuery(connection, (db, bind) =>
      db
        .insertInto("issuer_keys_seen")
        .values({ issuer_id: bind("issuer_id"), thumbprints: bind("thumbprints") })
        .onConflict((conflict) =>
          conflict.column("issuer_id").doUpdateSet((row) => ({ thumbprints: row.ref("excluded.thumbprints") })),
        ),
    );
  }

  async find(issuerId: string): Promise<readonly string[] | undefined> {
    const row = this.#find.get({ issuer_id: issuerId });
    return row === undefined || row.thumbprints === "" ? undefined : row.thumbprints.split(" ");
  }

  remember(issuerId: string, thumbprints: readonly string[], audit: AuditEvent | undefined): Promise<void> {
    return this.#database.commits.submit((chain) => {
      this.#remember.run({ issuer_id: issuerId, thumbprints: thumbprints.join(" ") });
      if (audit !== undefined) chain.append(audit);
    });
  }
}
