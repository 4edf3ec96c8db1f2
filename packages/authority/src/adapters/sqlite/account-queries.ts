import type Database from "better-sqlite3";
import type { Selectable } from "kysely";
import type { AccountRow, OrgMemberRow } from "./authority-tables.ts";
import { type PreparedQuery, prepareQuery } from "./prepared-query.ts";

export type StoredAccount = Selectable<AccountRow>;
type NewAccountRow = Omit<StoredAccount, "id" | "locked_at">;
type NamedRole = Pick<StoredAccount, "name"> & Pick<OrgMemberRow, "role">;

/** The statements of `SqliteAccountStore`. */
export interface AccountQueries {
  readonly byKey: PreparedQuery<{ readonly name_key: string }, StoredAccount>;
  readonly ofKind: PreparedQuery<{ readonly kind: "user" | "org" }, StoredAccount>;
  readonly setLocked: PreparedQuery<{ readonly name_key: string; readonly locked_at: number | null }, unknown>;
  /** Changes nothing when the name is taken. */
  readonly insert: PreparedQuery<NewAccountRow, unknown>;
  readonly members: PreparedQuery<{ readonly org_key: string }, NamedRole>;
  readonly memberships: PreparedQuery<{ readonly user_key: string }, NamedRole>;
  readonly setMember: PreparedQuery<OrgMemberRow, unknown>;
  readonly removeMember: PreparedQuery<Omit<OrgMemberRow, "role">, unknown>;
}

export function prepareAccountQueries(connection: Database.Database): AccountQueries {
  return {
    byKey: prepareQuery(connection, (db, bind) =>
      db.selectFrom("accounts").selectAll().where("name_key", "=", bind("name_key")),
    ),
    ofKind: prepareQuery(connection, (db, bind) =>
      db.selectFrom("accounts").selectAll().where("kind", "=", bind("kind")).orderBy("name_key"),
    ),
    setLocked: prepareQuery(connection, (db, bind) =>
      db
        .updateTable("accounts")
        .set({ locked_at: bind("locked_at") })
        .where("name_key", "=", bind("name_key"))
        .where("kind", "=", "user"),
    ),
    insert: prepareQuery(connection, (db, bind) =>
      db
        .insertInto("accounts")
        .values({
          name: bind("name"),
          name_key: bind("name_key"),
          kind: bind("kind"),
          fullname: bind("fullname"),
          email: bind("email"),
          is_admin: bind("is_admin"),
          created_at: bind("created_at"),
        })
        .onConflict((conflict) => conflict.column("name_key").doNothing()),
    ),
    members: prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("org_members")
        .innerJoin("accounts as org", "org.id", "org_members.org_id")
        .innerJoin("accounts as member", "member.id", "org_members.user_id")
        .select(["member.name", "org_members.role"])
        .where("org.name_key", "=", bind("org_key"))
        .orderBy("member.name_key"),
    ),
    memberships: prepareQuery(connection, (db, bind) =>
      db
        .selectFrom("accounts as member")
        .innerJoin("org_members", "org_members.user_id", "member.id")
        .innerJoin("accounts as org", "org.id", "org_members.org_id")
        .select(["org.name", "org_members.role"])
        .where("member.name_key", "=", bind("user_key"))
        .orderBy("org.name_key"),
    ),
    setMember: prepareQuery(connection, (db, bind) =>
      db
        .insertInto("org_members")
        .values({ org_id: bind("org_id"), user_id: bind("user_id"), role: bind("role") })
        .onConflict((conflict) =>
          conflict.columns(["org_id", "user_id"]).doUpdateSet((row) => ({ role: row.ref("excluded.role") })),
        ),
    ),
    removeMember: prepareQuery(connection, (db, bind) =>
      db.deleteFrom("org_members").where("org_id", "=", bind("org_id")).where("user_id", "=", bind("user_id")),
    ),
  };
}
