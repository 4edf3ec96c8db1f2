import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS: readonly string[] = [
  // 1: tokens that it earns work only from the address of their exchange.
  "alter table publishers add column pin_address integer not null default 0 check (pin_address in (0, 1))",
  // RFC 7638 thumbprint of the key that each request must prove (RFC 9449). Null: a bearer token.
  "alter table grants add column bound_to text",
  // One IPv4 address or an IPv6 /64. Null: usable from anywhere.
  "alter table grants add column pinned_address text",
];

/** What a token is tied to beside its text. */
export const tokenBindings: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
