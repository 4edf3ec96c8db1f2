import type { OrgMembership, OrgRole } from "@postern/core/access/principal";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { AccountName } from "@postern/core/resource/account-name";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** A user or an organisation: whatever may stand before the slash of a repo id. */
export interface Account {
  /** Stable for the life of the account. */
  readonly id: number;
  readonly kind: "user" | "org";
  readonly name: AccountName;
  readonly fullname: string;
  readonly email: string | undefined;
  /** Administrator of the whole deployment; users only. */
  readonly isAdmin: boolean;
  /** Every credential of a locked account is refused. */
  readonly isLocked: boolean;
  readonly createdAt: EpochSeconds;
}

export type NewUser = Pick<Account, "name" | "fullname" | "email" | "isAdmin" | "createdAt">;
export type NewOrg = Pick<Account, "name" | "fullname" | "createdAt">;

export interface Member {
  readonly user: AccountName;
  readonly role: OrgRole;
}

/**
 * Port: accounts. Users and organisations share one name space, unique without regard to case. Every change commits together with its
 * audit entry.
 */
export interface AccountStore {
  /** Without regard to case; the answer carries the stored spelling. */
  find(name: string): Promise<Account | undefined>;
  list(kind: "user" | "org"): Promise<readonly Account[]>;
  /** `missing` when there is no such user. */
  setLocked(user: AccountName, lockedAt: EpochSeconds | undefined, audit: AuditEvent): Promise<"changed" | "missing">;
  addUser(user: NewUser, audit: AuditEvent): Promise<"added" | "taken">;
  /** `owner` becomes its first `admin`. */
  addOrg(org: NewOrg, owner: AccountName, audit: AuditEvent): Promise<"added" | "taken" | "no-such-owner">;
  members(org: AccountName): Promise<readonly Member[]>;
  memberships(user: AccountName): Promise<readonly OrgMembership[]>;
  setMember(org: AccountName, user: AccountName, role: OrgRole, audit: AuditEvent): Promise<"set" | "missing">;
  removeMember(org: AccountName, user: AccountName, audit: AuditEvent): Promise<"removed" | "missing">;
}
