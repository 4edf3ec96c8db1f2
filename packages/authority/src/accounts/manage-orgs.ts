import { ORG_ROLES, type UserPrincipal } from "@postern/core/access/principal";
import { ApiError } from "@postern/core/error/api-error";
import type { Account, AccountStore, Member } from "./account-store.ts";
import { type Caller, changeEvent, requireAdministrator, requireChangingPerson, requirePerson } from "./caller.ts";
import { optionalLine, parseDraftFields, requireAccountName, requireOneOf } from "./draft-fields.ts";
import { type AccountDeps, nameTaken, requireStored } from "./manage-users.ts";

const MAX_FULLNAME = 120;

/** Names only; any user may see them. @throws {ApiError} `unauthenticated`, `forbidden`. */
export async function listOrgs(caller: Caller, { accounts }: AccountDeps): Promise<readonly Account[]> {
  requirePerson(caller);
  return accounts.list("org");
}

/** @throws {ApiError} `unauthenticated`, `forbidden`; `invalid_field`; `already_exists`. */
export async function createOrg(body: unknown, caller: Caller, { accounts, clock }: AccountDeps): Promise<Account> {
  const person = requireAdministrator(caller);
  const fields = parseDraftFields(body, ["name", "fullname", "owner"]);
  const name = requireAccountName(fields.name, "name");
  const owner = fields.owner === undefined ? person.name : requireAccountName(fields.owner, "owner");
  const fullname = optionalLine(fields.fullname, "fullname", MAX_FULLNAME) ?? name;
  const event = changeEvent(caller, "org.create", `orgs/${name}`, { owner });
  switch (await accounts.addOrg({ name, fullname, createdAt: clock.now() }, owner, event)) {
    case "added":
      return requireStored(await accounts.find(name));
    case "taken":
      throw nameTaken();
    case "no-such-owner":
      throw new ApiError("invalid_field", "There is no user of that name.", {
        field: "/owner",
        remedy: "Add the user first, or leave owner out.",
      });
  }
}

/** @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`. */
export async function listMembers(org: string, caller: Caller, deps: AccountDeps): Promise<readonly Member[]> {
  const person = requirePerson(caller);
  const { name } = await requireOrg(org, deps.accounts);
  if (!person.isAdmin && roleIn(person, name) === undefined)
    throw new ApiError("forbidden", "Only members see who else is a member.", { remedy: "Ask an admin to add you." });
  return deps.accounts.members(name);
}

/** Adds a member or changes their role. @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`, `invalid_field`. */
export async function setMember(
  path: { readonly org: string; readonly user: string },
  body: unknown,
  caller: Caller,
  deps: AccountDeps,
): Promise<Member> {
  const { org, user } = await requireManagedMember(path, caller, deps);
  const role = requireOneOf(parseDraftFields(body, ["role"]).role, "role", ORG_ROLES);
  const event = changeEvent(caller, "org.member.set", `orgs/${org.name}`, { user: user.name, role });
  if ((await deps.accounts.setMember(org.name, user.name, role, event)) === "missing") throw noSuchMember();
  return { user: user.name, role };
}

/** @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`. */
export async function removeMember(
  path: { readonly org: string; readonly user: string },
  caller: Caller,
  deps: AccountDeps,
): Promise<void> {
  const { org, user } = await requireManagedMember(path, caller, deps);
  const event = changeEvent(caller, "org.member.remove", `orgs/${org.name}`, { user: user.name });
  if ((await deps.accounts.removeMember(org.name, user.name, event)) === "missing") throw noSuchMember();
}

async function requireManagedMember(
  path: { readonly org: string; readonly user: string },
  caller: Caller,
  { accounts }: AccountDeps,
): Promise<{ readonly org: Account; readonly user: Account }> {
  const person = requireChangingPerson(caller);
  const org = await requireOrg(path.org, accounts);
  // Judged before the user is looked up, so that an outsider cannot probe for user names.
  if (!person.isAdmin && roleIn(person, org.name) !== "admin")
    throw new ApiError("forbidden", `You need the admin role in ${org.name}.`, { remedy: "Ask one of its admins." });
  const user = await accounts.find(path.user);
  if (user?.kind !== "user") throw new ApiError("not_found", "There is no such user.");
  return { org, user };
}

async function requireOrg(name: string, accounts: AccountStore): Promise<Account> {
  const org = await accounts.find(name);
  if (org?.kind !== "org") throw new ApiError("not_found", "There is no such organisation.");
  return org;
}

function roleIn(person: UserPrincipal, org: string): string | undefined {
  return person.memberships.find((membership) => membership.org === org)?.role;
}

function noSuchMember(): ApiError {
  return new ApiError("not_found", "This user is no member of the organisation.");
}
