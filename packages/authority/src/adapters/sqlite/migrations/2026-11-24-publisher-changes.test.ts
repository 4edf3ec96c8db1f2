import Database from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";
import type { Migration } from "kysely/migration";
import { expect, it } from "vitest";
import { firstTables } from "./2026-11-21-first-tables.ts";
import { keyRotationAndSwitches } from "./2026-11-21-key-rotation-and-switches.ts";
import { sourceAddresses } from "./2026-11-21-source-addresses.ts";
import { publisherAudience } from "./2026-11-22-publisher-audience.ts";
import { tokenBindings } from "./2026-11-23-token-bindings.ts";
import { publisherChanges } from "./2026-11-24-publisher-changes.ts";

async function apply(connection: Database.Database, ...migrations: readonly Migration[]): Promise<void> {
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: connection }) });
  for (const migration of migrations) await migration.up(db);
}

it("keeps every publisher of an older database, and lets two differ in their audience alone", async () => {
  const connection = new Database(":memory:");
  await apply(connection, firstTables, keyRotationAndSwitches, sourceAddresses, publisherAudience, tokenBindings);
  const insert = `insert into publishers (id, target_key, namespace, provider, issuer, claims, access, ttl_seconds, enabled,
    created_at, created_by, last_used_at, revoked_through, source_addresses, pin_address, audience)
    values (?, 'repo:1', 'acme', 'azure', 'https://i.example', '{"oid":"1"}', ?, 900, ?, 5, 'ada', 7, 3, '["192.0.2.0/24"]', 1, ?)`;
  connection.prepare(insert).run("p-1", "write", 1, null);
  connection.prepare(insert).run("p-2", "read", 0, "api://hub");

  await apply(connection, publisherChanges);

  expect(connection.prepare("select * from publishers order by id").all()).toMatchObject([
    {
      id: "p-1",
      claims: '{"oid":"1"}',
      access: "write",
      enabled: 1,
      last_used_at: 7,
      revoked_through: 3,
      source_addresses: '["192.0.2.0/24"]',
      pin_address: 1,
      audience: "",
      change: null,
      frozen: 0,
      renamed: null,
    },
    { id: "p-2", access: "read", enabled: 0, audience: "api://hub" },
  ]);
  expect(() => connection.prepare(insert).run("p-3", "write", 1, "")).toThrow(/UNIQUE/);
  connection.prepare(insert).run("p-4", "write", 1, "api://other");
  const indexes = connection
    .prepare("select name from sqlite_master where type = 'index' and sql is not null")
    .pluck()
    .all();
  expect(indexes).toEqual(expect.arrayContaining(["publishers_by_issuer", "publishers_switched_off"]));
  connection.close();
});
