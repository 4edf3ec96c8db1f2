import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { Issuer } from "@postern/core/issuer/issuer";
import { type IssuerUrl, parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import { parseProviderId } from "@postern/core/provider/provider-id";
import type { IssuerStore } from "../../issuers/issuer-store.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import type { IssuerRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

/** Issuers in `postern.db`. */
export class SqliteIssuerStore implements IssuerStore {
  readonly #database: AuthorityDatabase;
  readonly #byUrl: PreparedQuery<{ readonly url: string }, IssuerRow>;
  readonly #byId: PreparedQuery<{ readonly id: string }, IssuerRow>;
  readonly #all: PreparedQuery<Record<never, never>, IssuerRow>;
  readonly #insert: PreparedQuery<IssuerRow, unknown>;
  readonly #replaceKeys: PreparedQuery<{ readonly id: string; readonly key_set: string }, unknown>;
  readonly #namedByPublisher: PreparedQuery<{ readonly url: string }, { readonly id: string }>;
  readonly #setEnabled: PreparedQuery<{ readonly id: string; readonly enabled: 0 | 1 }, unknown>;
  readonly #setConfirmedKeys: PreparedQuery<{ readonly id: string; readonly confirmed_keys: string | null }, unknown>;
  readonly #delete: PreparedQuery<{ readonly id: string }, unknown>;

  constructor(database: AuthorityDatabase) {
    const { connection } = database;
    this.#database = database;
    this.#byUrl = prepareQuery(connection, (db, bind) =>
      db.selectFrom("issuers").selectAll().where("url", "=", bind("url")),
    );
    this.#byId = prepareQuery(connection, (db, bind) =>
      db.selectFrom("issuers").selectAll().where("id", "=", bind("id")),
    );
    this.#all = prepareQuery(connection, (db) => db.selectFrom("issuers").selectAll().orderBy("url"));
    this.#insert = prepareQuery(connection, (db, bind) =>
      db
        .insertInto("issuers")
        .values({
          id: bind("id"),
          provider: bind("provider"),
          url: bind("url"),
          allow_origins: bind("allow_origins"),
          enabled: bind("enabled"),
          key_set: bind("key_set"),
          confirmed_keys: bind("confirmed_keys"),
        })
        .onConflict((conflict) => conflict.column("url").doNothing()),
    );
    // Only where keys were uploaded before: a fetched issuer must not turn into another kind behind its publishers' backs.
    this.#replaceKeys = prepareQuery(connection, (db, bind) =>
      db
        .updateTable("issuers")
        .set({ key_set: bind("key_set") })
        .where("id", "=", bind("id"))
        .where("key_set", "is not", null),
    );
    this.#namedByPublisher = prepareQuery(connection, (db, bind) =>
      db.selectFrom("publishers").select("id").where("issuer", "=", bind("url")).limit(1),
    );
    this.#setEnabled = prepareQuery(connection, (db, bind) =>
      db
        .updateTable("issuers")
        .set({ enabled: bind("enabled") })
        .where("id", "=", bind("id")),
    );
    this.#setConfirmedKeys = prepareQuery(connection, (db, bind) =>
      db
        .updateTable("issuers")
        .set({ confirmed_keys: bind("confirmed_keys") })
        .where("id", "=", bind("id")),
    );
    this.#delete = prepareQuery(connection, (db, bind) => db.deleteFrom("issuers").where("id", "=", bind("id")));
  }

  async findByUrl(url: IssuerUrl): Promise<Issuer | undefined> {
    const row = this.#byUrl.get({ url });
    return row === undefined ? undefined : issuerOf(row);
  }

  async list(): Promise<readonly Issuer[]> {
    return this.#all.all({}).map(issuerOf);
  }

  async find(id: string): Promise<Issuer | undefined> {
    const row = this.#byId.get({ id });
    return row === undefined ? undefined : issuerOf(row);
  }

  add(issuer: Issuer, audit: AuditEvent): Promise<"added" | "exists"> {
    return this.#database.commits.submit((chain) => {
      const added = this.#insert.run({
        id: issuer.id,
        provider: issuer.provider,
        url: issuer.url,
        allow_origins: JSON.stringify(issuer.allowOrigins),
        enabled: issuer.enabled ? 1 : 0,
        key_set: issuer.keySet ?? null,
        confirmed_keys: issuer.confirmedKeys?.join(" ") ?? null,
      });
      if (added === 0) return "exists";
      chain.append(audit);
      return "added";
    });
  }

  replaceKeys(id: string, keySet: string, audit: AuditEvent): Promise<"replaced" | "missing"> {
    return this.#database.commits.submit((chain) => {
      if (this.#replaceKeys.run({ id, key_set: keySet }) === 0) return "missing";
      chain.append(audit);
      return "replaced";
    });
  }

  setEnabled(id: string, enabled: boolean, audit: AuditEvent): Promise<"changed" | "missing"> {
    return this.#database.commits.submit((chain) => {
      if (this.#setEnabled.run({ id, enabled: enabled ? 1 : 0 }) === 0) return "missing";
      chain.append(audit);
      return "changed";
    });
  }

  setConfirmedKeys(
    id: string,
    thumbprints: readonly string[] | undefined,
    audit: AuditEvent,
  ): Promise<"changed" | "missing"> {
    return this.#database.commits.submit((chain) => {
      if (this.#setConfirmedKeys.run({ id, confirmed_keys: thumbprints?.join(" ") ?? null }) === 0) return "missing";
      chain.append(audit);
      return "changed";
    });
  }

  remove(id: string, audit: AuditEvent): Promise<"removed" | "missing" | "in-use"> {
    return this.#database.commits.submit((chain) => {
      const row = this.#byId.get({ id });
      if (row === undefined) return "missing";
      if (this.#namedByPublisher.get({ url: row.url }) !== undefined) return "in-use";
      this.#delete.run({ id });
      chain.append(audit);
      return "removed";
    });
  }
}

function issuerOf(row: IssuerRow): Issuer {
  const provider = parseProviderId(row.provider);
  const url = parseIssuerUrl(row.url);
  if (provider === undefined || url === undefined) throw new Error(`stored issuer ${row.id} cannot be read`);
  return {
    id: row.id,
    provider,
    url,
    allowOrigins: originsOf(row.allow_origins),
    enabled: row.enabled === 1,
    ...(row.key_set === null ? {} : { keySet: row.key_set }),
    ...(row.confirmed_keys === null ? {} : { confirmedKeys: row.confirmed_keys.split(" ").filter(Boolean) }),
  };
}

function originsOf(json: string): readonly string[] {
  const parsed: unknown = JSON.parse(json);
  return Array.isArray(parsed) ? parsed.filter((origin) => typeof origin === "string") : [];
}
