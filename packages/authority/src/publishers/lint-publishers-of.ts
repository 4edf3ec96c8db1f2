import { lintPublishers } from "@postern/core/lint/lint-publishers";
import type { PublisherFinding } from "@postern/core/lint/publisher-finding";
import type { Publisher } from "@postern/core/publisher/publisher";
import type { AccountName } from "@postern/core/resource/account-name";
import type { Resource } from "@postern/core/resource/resource";
import type { AccountStore } from "../accounts/account-store.ts";
import type { Caller } from "../accounts/caller.ts";
import type { ResourceDirectory } from "../token-exchange/resource-directory.ts";
import type { PublisherStore } from "./publisher-store.ts";
import { authoriseTarget } from "./publisher-target.ts";
import { type RepoWritersDeps, repoWriters } from "./repo-writers.ts";

export interface LintPublishersDeps extends RepoWritersDeps {
  readonly publishers: Pick<PublisherStore, "list">;
  readonly resources: ResourceDirectory;
  readonly accounts: Pick<AccountStore, "find" | "members" | "memberships">;
}

export interface LintedPublishers {
  readonly publishers: readonly Publisher[];
  readonly findings: readonly PublisherFinding[];
}

/**
 * Holds a resource's publishers against every rule that can be checked from what is stored.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`.
 */
export async function lintPublishersOf(
  resource: Resource,
  caller: Caller,
  deps: LintPublishersDeps,
): Promise<LintedPublishers> {
  const target = await authoriseTarget(resource, "see", caller, deps.resources);
  const publishers = await deps.publishers.list(target);
  const now = deps.clock.now();
  if (target.kind === "user") {
    return {
      publishers,
      findings: lintPublishers({ publishers, now, creatorsWithoutRight: new Set(), writingTokens: undefined }),
    };
  }
  const { namespace } = target.repo;
  const known = await deps.resources.findRepo(target.repo);
  const closed = known?.trustedPublishingOnly === true;
  const writingTokens = closed ? undefined : (await repoWriters(namespace, deps)).tokens.length;
  const creatorsWithoutRight = await creatorsWithout(namespace, publishers, deps.accounts);
  return { publishers, findings: lintPublishers({ publishers, now, creatorsWithoutRight, writingTokens }) };
}

/** The attack: somebody leaves, and the publisher that they set up for their own fork goes on publishing. */
async function creatorsWithout(
  namespace: AccountName,
  publishers: readonly Publisher[],
  accounts: LintPublishersDeps["accounts"],
): Promise<ReadonlySet<string>> {
  const without = new Set<string>();
  for (const name of new Set(publishers.map(({ createdBy }) => createdBy))) {
    if (!(await mayManage(name, namespace, accounts))) without.add(name);
  }
  return without;
}

async function mayManage(
  name: string,
  namespace: AccountName,
  accounts: LintPublishersDeps["accounts"],
): Promise<boolean> {
  const account = await accounts.find(name);
  if (account?.kind !== "user" || account.isLocked) return false;
  if (account.isAdmin || account.name.toLowerCase() === namespace.toLowerCase()) return true;
  const memberships = await accounts.memberships(account.name);
  return memberships.some(({ org, role }) => role === "admin" && org.toLowerCase() === namespace.toLowerCase());
}
