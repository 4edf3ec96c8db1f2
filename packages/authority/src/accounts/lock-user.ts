import { ApiError } from "@postern/core/error/api-error";
import type { Account } from "./account-store.ts";
import { type Caller, changeEvent, requireAdministrator } from "./caller.ts";
import { invalidField, parseDraftFields } from "./draft-fields.ts";
import { type AccountDeps, requireStored } from "./manage-users.ts";

/**
 * Locks a user or lets them in again. A locked user's tokens, and the tokens of jobs that act for the user or publish into the user's own
 * namespace, are refused from the next request on; they come back to life when the lock is taken off.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`, `invalid_body`, `invalid_field`; `conflict` for the caller's own account.
 */
export async function lockUser(
  name: string,
  body: unknown,
  caller: Caller,
  { accounts, clock }: AccountDeps,
): Promise<Account> {
  const person = requireAdministrator(caller);
  const { locked } = parseDraftFields(body, ["locked"]);
  if (typeof locked !== "boolean")
    throw invalidField("locked", "The locked field is neither true nor false.", "Use true or false.");
  const account = requireStored(await accounts.find(name));
  // So that one administrator is always left to take locks off.
  if (account.name === person.name)
    throw new ApiError("conflict", "You cannot lock yourself.", { remedy: "Ask another administrator." });
  const event = changeEvent(caller, locked ? "user.lock" : "user.unlock", `users/${account.name}`, {});
  if ((await accounts.setLocked(account.name, locked ? clock.now() : undefined, event)) === "missing")
    throw new ApiError("not_found", "There is no such user.");
  return { ...account, isLocked: locked };
}
