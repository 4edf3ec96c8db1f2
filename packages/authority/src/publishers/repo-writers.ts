import type { OrgRole } from "@postern/core/access/principal";
import type { AccountName } from "@postern/core/resource/account-name";
import type { Clock } from "@postern/core/time/clock";
import type { AccountStore, Member } from "../accounts/account-store.ts";
import { isLive, type PersonalToken, type TokenStore } from "../tokens/token-store.ts";

export interface RepoWritersDeps {
  readonly accounts: Pick<AccountStore, "find" | "members">;
  readonly tokens: Pick<TokenStore, "listPersonal">;
  readonly clock: Clock;
}

/** Who writes to the repos of a namespace by its own right, without a publisher. */
export interface RepoWriters {
  /** The user of a personal namespace counts as `admin`. Administrators of the deployment are not listed: they act everywhere. */
  readonly members: readonly Member[];
  /** Their live personal tokens with the write role. */
  readonly tokens: readonly PersonalToken[];
}

/** Finds the people who may write in `namespace`, and with what. Locked accounts are left out. */
export async function repoWriters(namespace: AccountName, deps: RepoWritersDeps): Promise<RepoWriters> {
  const now = deps.clock.now();
  const members: Member[] = [];
  const tokens: PersonalToken[] = [];
  for (const member of await writingMembers(namespace, deps)) {
    if ((await deps.accounts.find(member.user))?.isLocked !== false) continue;
    members.push(member);
    const own = await deps.tokens.listPersonal(member.user);
    tokens.push(...own.filter((token) => token.role === "write" && isLive(token, now)));
  }
  return { members, tokens };
}

async function writingMembers(namespace: AccountName, { accounts }: RepoWritersDeps): Promise<readonly Member[]> {
  const account = await accounts.find(namespace);
  if (account === undefined) return [];
  if (account.kind === "user") return [{ user: account.name, role: "admin" satisfies OrgRole }];
  return (await accounts.members(account.name)).filter(({ role }) => role !== "read");
}
