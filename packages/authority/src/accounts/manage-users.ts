import { ApiError } from "@postern/core/error/api-error";
import type { Clock } from "@postern/core/time/clock";
import type { Account, AccountStore, NewUser } from "./account-store.ts";
import { type Caller, changeEvent, requireAdministrator, requireReadingAdministrator } from "./caller.ts";
import { invalidField, optionalLine, parseDraftFields, requireAccountName } from "./draft-fields.ts";

export interface AccountDeps {
  readonly accounts: AccountStore;
  readonly clock: Clock;
}

const MAX_FULLNAME = 120;
const MAX_EMAIL = 254;

/** @throws {ApiError} `unauthenticated`, `forbidden`. */
export async function listUsers(caller: Caller, { accounts }: AccountDeps): Promise<readonly Account[]> {
  requireReadingAdministrator(caller);
  return accounts.list("user");
}

/** @throws {ApiError} `unauthenticated`, `forbidden`; `invalid_field`; `already_exists` when a user or organisation has the name. */
export async function createUser(body: unknown, caller: Caller, { accounts, clock }: AccountDeps): Promise<Account> {
  requireAdministrator(caller);
  const fields = parseDraftFields(body, ["name", "fullname", "email", "admin"]);
  const name = requireAccountName(fields.name, "name");
  const user: NewUser = {
    name,
    fullname: optionalLine(fields.fullname, "fullname", MAX_FULLNAME) ?? name,
    email: parseEmail(fields.email),
    isAdmin: parseFlag(fields.admin, "admin"),
    createdAt: clock.now(),
  };
  const event = changeEvent(caller, "user.create", `users/${name}`, { admin: user.isAdmin });
  if ((await accounts.addUser(user, event)) === "taken") throw nameTaken();
  return requireStored(await accounts.find(name));
}

/** @throws {ApiError} `not_found`: something removed the account in the same moment. */
export function requireStored(account: Account | undefined): Account {
  if (account === undefined) throw new ApiError("not_found", "There is no such account.");
  return account;
}

export function nameTaken(): ApiError {
  return new ApiError("already_exists", "A user or organisation has this name already.", {
    field: "/name",
    remedy: "Choose another name; upper and lower case make no difference.",
  });
}

function parseEmail(value: unknown): string | undefined {
  const email = optionalLine(value, "email", MAX_EMAIL);
  if (email === undefined || /^[^\s@]+@[^\s@]+$/.test(email)) return email;
  throw invalidField("email", "The email is no address.", "Give one address, or leave the field out.");
}

function parseFlag(value: unknown, field: string): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw invalidField(field, `The ${field} field is neither true nor false.`, "Use true or false.");
}
