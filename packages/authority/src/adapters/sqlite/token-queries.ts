import type Database from "better-sqlite3";
import type { Selectable } from "kysely";
import type { GrantRow, PersonalTokenRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

export type GrantOfToken = Selectable<Omit<GrantRow, "id" | "issued_at">>;
export type NamedPersonalToken = Omit<PersonalTokenRow, "user_id" | "digest"> & { readonly user: string };
type NewTokenRow = Pick<PersonalTokenRow, "id" | "user_id" | "name" | "role" | "digest" | "created_at">;

/** The statements of `SqliteTokenStore`. */
export interface TokenQueries {
  readonly grant: PreparedQuery<{ readonly token_id: string }, GrantOfToken>;
  readonly revokeGrant: PreparedQuery<{ readonly token_id: string; readonly at: number }, unknown>;
  readonly personalById: PreparedQuery<{ readonly id: string }, NamedPersonalToken>;
  readonly personalByDigest: PreparedQuery<{ readonly digest: Uint8Array }, NamedPersonalToken>;
  readonly personalOfUser: PreparedQuery<{ readonly user_key: string }, NamedPersonalToken>;
  readonly userId: PreparedQuery<{ readonly user_key: string }, { readonly id: number }>;
  readonly insertPersonal: PreparedQuery<NewTokenRow, unknown>;
  readonly touchPersonal: PreparedQuery<{ readonly id: string; readonly at: number }, unknown>;
  readonly revokePersonal: PreparedQuery<{ readonly id: string; readonly at: number }, unknown>;
}

export function prepareTokenQueries(connection: Database.Database): TokenQueries {
  return {
    // The join is the rule that a grant ends with its publisher; an exchange then needs no index on publisher_id.
    grant: prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("grants")
        .innerJoin("publishers", "publishers.id", "grants.publisher_id")
        .select([
          "grants.token_id",
          "grants.digest",
          "grants.publisher_id",
          "grants.repo_kind",
          "grants.repo_id",
          "grants.namespace",
          "grants.repo_name",
          "grants.access",
          "grants.expires_at",
          "grants.revoked_at",
          "grants.bound_to",
          "grants.pinned_address",
          "grants.issuer",
          "grants.subject",
          "grants.provider",
          "grants.run_url",
          "grants.source",
        ])
        .where("grants.token_id", "=", bind("token_id"))
        .whereRef("grants.id", ">", "publishers.revoked_through"),
    ),
    revokeGrant: prepareQuery(connection, (db, bind) =>
      db
        .updateTable("grants")
        .set({ revoked_at: bind("at") })
        .where("token_id", "=", bind("token_id"))
        .where("revoked_at", "is", null)
        .where("expires_at", ">", bind("at")),
    ),
    personalById: prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("personal_tokens")
        .innerJoin("accounts", "accounts.id", "personal_tokens.user_id")
        .select(PERSONAL_COLUMNS)
        .where("personal_tokens.id", "=", bind("id")),
    ),
    personalByDigest: prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("personal_tokens")
        .innerJoin("accounts", "accounts.id", "personal_tokens.user_id")
        .select(PERSONAL_COLUMNS)
        .where("personal_tokens.digest", "=", bind("digest")),
    ),
    personalOfUser: prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("accounts")
        .innerJoin("personal_tokens", "personal_tokens.user_id", "accounts.id")
        .select(PERSONAL_COLUMNS)
        .where("accounts.name_key", "=", bind("user_key"))
        .orderBy("personal_tokens.created_at")
        .orderBy("personal_tokens.id"),
    ),
    userId: prepareQuery(connection, (db, bind) =>
      db.selectFrom("accounts").select("id").where("name_key", "=", bind("user_key")).where("kind", "=", "user"),
    ),
    insertPersonal: prepareQuery(connection, (db, bind) =>
      db
        .insertInto("personal_tokens")
        .values({
          id: bind("id"),
          user_id: bind("user_id"),
          name: bind("name"),
          role: bind("role"),
          digest: bind("digest"),
          created_at: bind("created_at"),
        })
        .onConflict((conflict) => conflict.column("digest").doNothing()),
    ),
    touchPersonal: prepareQuery(connection, (db, bind) =>
      db
        .updateTable("personal_tokens")
        .set({ last_used_at: bind("at") })
        .where("id", "=", bind("id")),
    ),
    revokePersonal: prepareQuery(connection, (db, bind) =>
      db
        .updateTable("personal_tokens")
        .set({ revoked_at: bind("at") })
        .where("id", "=", bind("id"))
        .where("revoked_at", "is", null),
    ),
  };
}

const PERSONAL_COLUMNS = [
  "personal_tokens.id",
  "accounts.name as user",
  "personal_tokens.name",
  "personal_tokens.role",
  "personal_tokens.created_at",
  "personal_tokens.last_used_at",
  "personal_tokens.expires_at",
  "personal_tokens.revoked_at",
] as const;
