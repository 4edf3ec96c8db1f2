import type { AuditEvent } from "@postern/core/audit/audit-event";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type { CheckpointKeyStore, StoredCheckpointKey } from "../../audit/checkpoint/checkpoint-key.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import type { CheckpointKeyRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

/** Checkpoint keys in `postern.db`; the private halves are sealed before they come here. */
export class SqliteCheckpointKeyStore implements CheckpointKeyStore {
  readonly #database: AuthorityDatabase;
  readonly #newest: PreparedQuery<Record<never, never>, Omit<CheckpointKeyRow, "id">>;
  readonly #insert: PreparedQuery<Omit<CheckpointKeyRow, "id">, unknown>;

  constructor(database: AuthorityDatabase) {
    this.#database = database;
    this.#newest = prepareQuery(database.connection, (db) =>
      db
        .selectFrom("checkpoint_keys")
        .select(["note_key", "sealed_private_key", "created_at"])
        .orderBy("id", "desc")
        .limit(1),
    );
    this.#insert = prepareQuery(database.connection, (db, bind) =>
      db.insertInto("checkpoint_keys").values({
        note_key: bind("note_key"),
        sealed_private_key: bind("sealed_private_key"),
        created_at: bind("created_at"),
      }),
    );
  }

  async newest(): Promise<StoredCheckpointKey | undefined> {
    const row = this.#newest.get({});
    if (row === undefined) return undefined;
    return {
      noteKey: row.note_key,
      sealedPrivateKey: row.sealed_private_key,
      createdAt: epochSeconds(row.created_at),
    };
  }

  add(key: StoredCheckpointKey, audit: AuditEvent): Promise<void> {
    return this.#database.commits.submit((chain) => {
      this.#insert.run({
        note_key: key.noteKey,
        sealed_private_key: key.sealedPrivateKey,
        created_at: key.createdAt,
      });
      chain.append(audit);
    });
  }
}
