import type { OrgMembership, OrgRole } from "@postern/core/access/principal";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { type AccountName, parseAccountName } from "@postern/core/resource/account-name";
import { type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import type { Account, AccountStore, Member, NewOrg, NewUser } from "../../accounts/account-store.ts";
import { type AccountQueries, prepareAccountQueries, type StoredAccount } from "./account-queries.ts";
import type { AuthorityDatabase } from "./authority-database.ts";

/** Users, organisations and their members in `postern.db`. */
export class SqliteAccountStore implements AccountStore {
  readonly #database: AuthorityDatabase;
  readonly #queries: AccountQueries;

  constructor(database: AuthorityDatabase) {
    this.#database = database;
    this.#queries = prepareAccountQueries(database.connection);
  }

  async find(name: string): Promise<Account | undefined> {
    const row = this.#row(name);
    return row === undefined ? undefined : accountOf(row);
  }

  async list(kind: "user" | "org"): Promise<readonly Account[]> {
    return this.#queries.ofKind.all({ kind }).map(accountOf);
  }

  setLocked(user: AccountName, lockedAt: EpochSeconds | undefined, audit: AuditEvent): Promise<"changed" | "missing"> {
    return this.#database.commits.submit((chain) => {
      if (this.#queries.setLocked.run({ name_key: user.toLowerCase(), locked_at: lockedAt ?? null }) === 0)
        return "missing";
      chain.append(audit);
      return "changed";
    });
  }

  addUser(user: NewUser, audit: AuditEvent): Promise<"added" | "taken"> {
    return this.#database.commits.submit((chain) => {
      const added = this.#queries.insert.run({
        name: user.name,
        name_key: user.name.toLowerCase(),
        kind: "user",
        fullname: user.fullname,
        email: user.email ?? null,
        is_admin: user.isAdmin ? 1 : 0,
        created_at: user.createdAt,
      });
      if (added === 0) return "taken";
      chain.append(audit);
      return "added";
    });
  }

  addOrg(org: NewOrg, owner: AccountName, audit: AuditEvent): Promise<"added" | "taken" | "no-such-owner"> {
    return this.#database.commits.submit((chain) => {
      const user = this.#row(owner);
      if (user?.kind !== "user") return "no-such-owner";
      const added = this.#queries.insert.run({
        name: org.name,
        name_key: org.name.toLowerCase(),
        kind: "org",
        fullname: org.fullname,
        email: null,
        is_admin: 0,
        created_at: org.createdAt,
      });
      const row = this.#row(org.name);
      if (added === 0 || row === undefined) return "taken";
      this.#queries.setMember.run({ org_id: row.id, user_id: user.id, role: "admin" });
      chain.append(audit);
      return "added";
    });
  }

  async members(org: AccountName): Promise<readonly Member[]> {
    return this.#queries.members
      .all({ org_key: org.toLowerCase() })
      .map(({ name, role }) => ({ user: storedName(name), role }));
  }

  async memberships(user: AccountName): Promise<readonly OrgMembership[]> {
    return this.#queries.memberships
      .all({ user_key: user.toLowerCase() })
      .map(({ name, role }) => ({ org: storedName(name), role }));
  }

  setMember(org: AccountName, user: AccountName, role: OrgRole, audit: AuditEvent): Promise<"set" | "missing"> {
    return this.#database.commits.submit((chain) => {
      const orgRow = this.#row(org);
      const userRow = this.#row(user);
      if (orgRow?.kind !== "org" || userRow?.kind !== "user") return "missing";
      this.#queries.setMember.run({ org_id: orgRow.id, user_id: userRow.id, role });
      chain.append(audit);
      return "set";
    });
  }

  removeMember(org: AccountName, user: AccountName, audit: AuditEvent): Promise<"removed" | "missing"> {
    return this.#database.commits.submit((chain) => {
      const orgRow = this.#row(org);
      const userRow = this.#row(user);
      if (orgRow === undefined || userRow === undefined) return "missing";
      if (this.#queries.removeMember.run({ org_id: orgRow.id, user_id: userRow.id }) === 0) return "missing";
      chain.append(audit);
      return "removed";
    });
  }

  #row(name: string): StoredAccount | undefined {
    return this.#queries.byKey.get({ name_key: name.toLowerCase() });
  }
}

function accountOf(row: StoredAccount): Account {
  return {
    id: row.id,
    kind: row.kind,
    name: storedName(row.name),
    fullname: row.fullname,
    email: row.email ?? undefined,
    isAdmin: row.is_admin === 1,
    isLocked: row.locked_at !== null,
    createdAt: epochSeconds(row.created_at),
  };
}

function storedName(text: string): AccountName {
  const name = parseAccountName(text);
  if (name === undefined) throw new Error(`stored account name breaks the grammar: ${text}`);
  return name;
}
