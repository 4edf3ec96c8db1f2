import type { AuditEvent } from "@postern/core/audit/audit-event";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type { ProvenanceKeyStore, StoredProvenanceKey } from "../../provenance/provenance-key-store.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import type { ProvenanceKeyRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

/** Provenance keys in `postern.db`; the private halves are sealed before they come here. */
export class SqliteProvenanceKeyStore implements ProvenanceKeyStore {
  readonly #database: AuthorityDatabase;
  readonly #all: PreparedQuery<Record<never, never>, Omit<ProvenanceKeyRow, "id">>;
  readonly #insert: PreparedQuery<Omit<ProvenanceKeyRow, "id">, unknown>;

  constructor(database: AuthorityDatabase) {
    this.#database = database;
    this.#all = prepareQuery(database.connection, (db) =>
      db
        .selectFrom("provenance_keys")
        .select(["kid", "x", "y", "sealed_private_key", "created_at"])
        .orderBy("id", "desc"),
    );
    this.#insert = prepareQuery(database.connection, (db, bind) =>
      db.insertInto("provenance_keys").values({
        kid: bind("kid"),
        x: bind("x"),
        y: bind("y"),
        sealed_private_key: bind("sealed_private_key"),
        created_at: bind("created_at"),
      }),
    );
  }

  async list(): Promise<readonly StoredProvenanceKey[]> {
    return this.#all.all({}).map(({ kid, x, y, sealed_private_key, created_at }) => ({
      kid,
      publicJwk: { kty: "EC", crv: "P-256", x, y, kid, alg: "ES256", use: "sig" },
      sealedPrivateKey: sealed_private_key,
      createdAt: epochSeconds(created_at),
    }));
  }

  add({ kid, publicJwk, sealedPrivateKey, createdAt }: StoredProvenanceKey, audit: AuditEvent): Promise<void> {
    return this.#database.commits.submit((chain) => {
      this.#insert.run({
        kid,
        x: publicJwk.x,
        y: publicJwk.y,
        sealed_private_key: sealedPrivateKey,
        created_at: createdAt,
      });
      chain.append(audit);
    });
  }
}
