import { HubError } from "@postern/core/error/hub-error";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { AuditLog } from "../access/audit-log.ts";
import type { Caller } from "../access/caller.ts";
import { openRepo } from "../access/open-repo.ts";
import { openRepoForChange } from "../access/open-repo-for-change.ts";
import type { RepoCatalogue, StoredRepo } from "../repos/repo-catalogue.ts";
import type { PullRequestRights, Pusher } from "./ref-rules.ts";

/**
 * The door for pushes: writers of the repo, and whoever may read it and has a pull request of their own open there. Which refs each
 * of them may move is judged later, ref by ref.
 *
 * @throws {HubError} as `openRepoForChange`.
 */
export async function openRepoForPush(
  deps: {
    readonly catalogue: Pick<RepoCatalogue, "find">;
    readonly audit: AuditLog;
    readonly pulls?: PullRequestRights | undefined;
  },
  caller: Caller,
  wanted: RepoRef | undefined,
): Promise<{ readonly repo: StoredRepo; readonly pusher: Pusher }> {
  const { principal } = caller;
  if (deps.pulls !== undefined && principal.kind === "user" && principal.tokenRole === "write") {
    const readable = await openRepo(deps.catalogue, principal, wanted, "read");
    const isWriter = await mayWrite(deps.catalogue, caller, wanted);
    if (!isWriter && (await deps.pulls.mayPushSome(readable, principal)))
      return { repo: readable, pusher: { principal, isWriter: false } };
  }
  const repo = await openRepoForChange(deps, caller, wanted, "write");
  return { repo, pusher: { principal, isWriter: true } };
}

async function mayWrite(
  catalogue: Pick<RepoCatalogue, "find">,
  { principal }: Caller,
  wanted: RepoRef | undefined,
): Promise<boolean> {
  try {
    await openRepo(catalogue, principal, wanted, "write");
    return true;
  } catch (error) {
    if (error instanceof HubError) return false;
    throw error;
  }
}
