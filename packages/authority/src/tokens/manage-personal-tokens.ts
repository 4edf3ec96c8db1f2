import { ApiError } from "@postern/core/error/api-error";
import type { AccountName } from "@postern/core/resource/account-name";
import type { Clock } from "@postern/core/time/clock";
import type { AccountStore } from "../accounts/account-store.ts";
import { type Caller, changeEvent, requireChangingPerson, requirePerson } from "../accounts/caller.ts";
import { optionalLine, parseDraftFields, requireAccountName, requireOneOf } from "../accounts/draft-fields.ts";
import { newPersonalTokenText } from "./personal-token-text.ts";
import type { RandomBytes } from "./random-bytes.ts";
import { digestOfToken } from "./token-digest.ts";
import { timeOrderedId } from "./token-id.ts";
import { isLive, type PersonalToken, type TokenStore } from "./token-store.ts";

export interface PersonalTokenDeps {
  readonly accounts: AccountStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

const ROLES = ["read", "write"] as const;
const MAX_NAME = 100;

/** Live tokens of `user` (default: the caller). @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`. */
export async function listPersonalTokens(
  user: string | undefined,
  caller: Caller,
  { accounts, tokens, clock }: PersonalTokenDeps,
): Promise<readonly PersonalToken[]> {
  const person = requirePerson(caller);
  const owner = await requireOwner(user ?? person.name, person, accounts);
  const now = clock.now();
  return (await tokens.listPersonal(owner)).filter((token) => isLive(token, now));
}

/**
 * Makes a token for the caller, or for another `user` when an administrator asks.
 *
 * @returns the token's text too: shown once, stored nowhere.
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`, `invalid_field`.
 */
export async function createPersonalToken(
  body: unknown,
  caller: Caller,
  { accounts, tokens, clock, randomBytes }: PersonalTokenDeps,
): Promise<{ readonly token: PersonalToken; readonly text: string }> {
  const person = requireChangingPerson(caller);
  const fields = parseDraftFields(body, ["user", "name", "role"]);
  const wanted = fields.user === undefined ? person.name : requireAccountName(fields.user, "user");
  const role = requireOneOf(fields.role, "role", ROLES);
  const name = optionalLine(fields.name, "name", MAX_NAME) ?? "token";
  const user = await requireOwner(wanted, person, accounts);

  const text = newPersonalTokenText(randomBytes);
  const createdAt = clock.now();
  const id = timeOrderedId(createdAt, randomBytes(16));
  const event = changeEvent(caller, "token.create", `users/${user}`, { token_id: id, role });
  const added = await tokens.addPersonal({ id, user, name, role, digest: digestOfToken(text), createdAt }, event);
  if (added !== "added") throw noSuchUser();
  const unused = { lastUsedAt: undefined, expiresAt: undefined, revokedAt: undefined };
  return { token: { id, user, name, role, createdAt, ...unused }, text };
}

/** @throws {ApiError} `unauthenticated`, `forbidden`; `not_found`, also for somebody else's token, so that ids cannot be probed. */
export async function revokePersonalToken(
  id: string,
  caller: Caller,
  { tokens, clock }: PersonalTokenDeps,
): Promise<void> {
  const person = requireChangingPerson(caller);
  const token = await tokens.findPersonal(id);
  if (token === undefined || (token.user !== person.name && !person.isAdmin)) throw noSuchToken();
  const event = changeEvent(caller, "token.revoke", `users/${token.user}`, { token_id: id });
  if (!(await tokens.revokePersonal(id, clock.now(), event))) throw noSuchToken();
}

/** Judged by name before anything is looked up, so that only an administrator learns which users exist. */
async function requireOwner(
  name: string,
  person: { readonly name: AccountName; readonly isAdmin: boolean },
  accounts: AccountStore,
): Promise<AccountName> {
  if (name.toLowerCase() === person.name.toLowerCase()) return person.name;
  if (!person.isAdmin)
    throw new ApiError("forbidden", "Only an administrator manages somebody else's tokens.", {
      remedy: "Leave user out to manage your own.",
    });
  const account = await accounts.find(name);
  if (account?.kind !== "user") throw noSuchUser();
  return account.name;
}

function noSuchUser(): ApiError {
  return new ApiError("not_found", "There is no such user.");
}

function noSuchToken(): ApiError {
  return new ApiError("not_found", "There is no such token.");
}
