import type { AuditEvent } from "@postern/core/audit/audit-event";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type { PublicJwk } from "../../tokens/signing-key.ts";
import type { SigningKeyStore, StoredSigningKey } from "../../tokens/signing-key-store.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import type { SigningKeyRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

/** Signing keys in `postern.db`; the private halves are sealed before they come here. */
export class SqliteSigningKeyStore implements SigningKeyStore {
  readonly #database: AuthorityDatabase;
  readonly #all: PreparedQuery<Record<never, never>, SigningKeyRow>;
  readonly #insert: PreparedQuery<Omit<SigningKeyRow, "retired_at">, unknown>;
  readonly #retire: PreparedQuery<{ readonly kid: string; readonly at: number }, unknown>;
  readonly #delete: PreparedQuery<{ readonly kid: string }, unknown>;

  constructor(database: AuthorityDatabase) {
    this.#database = database;
    this.#all = prepareQuery(database.connection, (db) =>
      db.selectFrom("signing_keys").selectAll().orderBy("position", "desc"),
    );
    this.#insert = prepareQuery(database.connection, (db, bind) =>
      db.insertInto("signing_keys").values({
        kid: bind("kid"),
        alg: bind("alg"),
        public_jwk: bind("public_jwk"),
        sealed_private_key: bind("sealed_private_key"),
        created_at: bind("created_at"),
        signs_from: bind("signs_from"),
        position: bind("position"),
      }),
    );
    this.#retire = prepareQuery(database.connection, (db, bind) =>
      db
        .updateTable("signing_keys")
        .set({ retired_at: bind("at") })
        .where("kid", "=", bind("kid"))
        .where("retired_at", "is", null),
    );
    this.#delete = prepareQuery(database.connection, (db, bind) =>
      db.deleteFrom("signing_keys").where("kid", "=", bind("kid")),
    );
  }

  async list(): Promise<readonly StoredSigningKey[]> {
    return this.#all.all({}).map(toKey);
  }

  add(key: StoredSigningKey, audit: AuditEvent): Promise<void> {
    return this.#database.commits.submit((chain) => {
      this.#write(key);
      chain.append(audit);
    });
  }

  rotate(
    next: StoredSigningKey,
    audit: AuditEvent,
    mayFollow: (newest: StoredSigningKey) => boolean,
  ): Promise<"added" | "conflict"> {
    return this.#database.commits.submit((chain) => {
      const [row] = this.#all.all({});
      const newest = row === undefined ? undefined : toKey(row);
      if (newest === undefined || !mayFollow(newest)) return "conflict";
      this.#retire.run({ kid: newest.kid, at: Math.max(newest.signsFrom, next.signsFrom) });
      this.#write(next);
      chain.append(audit);
      return "added";
    });
  }

  remove(kid: string, audit: AuditEvent): Promise<void> {
    return this.#database.commits.submit((chain) => {
      if (this.#delete.run({ kid }) > 0) chain.append(audit);
    });
  }

  #write(key: StoredSigningKey): void {
    const [newest] = this.#all.all({});
    this.#insert.run({
      position: (newest?.position ?? 0) + 1,
      kid: key.kid,
      alg: "ES256",
      public_jwk: JSON.stringify({ x: key.publicJwk.x, y: key.publicJwk.y }),
      sealed_private_key: key.sealedPrivateKey,
      created_at: key.createdAt,
      signs_from: key.signsFrom,
    });
  }
}

function toKey(row: SigningKeyRow): StoredSigningKey {
  return {
    kid: row.kid,
    publicJwk: publicJwkOf(row),
    sealedPrivateKey: row.sealed_private_key,
    createdAt: epochSeconds(row.created_at),
    signsFrom: epochSeconds(row.signs_from ?? row.created_at),
    retiredAt: row.retired_at === null ? undefined : epochSeconds(row.retired_at),
  };
}

function publicJwkOf(row: SigningKeyRow): PublicJwk {
  const point: { readonly x?: unknown; readonly y?: unknown } = JSON.parse(row.public_jwk);
  if (typeof point.x !== "string" || typeof point.y !== "string")
    throw new Error(`stored signing key ${row.kid} cannot be read`);
  return { kty: "EC", crv: "P-256", x: point.x, y: point.y, kid: row.kid, alg: row.alg, use: "sig" };
}
