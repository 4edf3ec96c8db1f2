import type { Caller } from "../access/caller.ts";
import type { GitRepository } from "../git/git-repository.ts";
import type { CommitProvenance } from "../provenance/commit-provenance.ts";
import { recordNewCommits } from "../provenance/record-new-commits.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import type { PushCommand } from "./push-commands.ts";

/**
 * Has it stated who brings the commits of a push, when its objects are in the repo and its audit entry is durable, before any ref moves.
 *
 * What it throws refuses the push; nothing has moved then.
 */
export async function statePush(
  provenance: Pick<CommitProvenance, "record">,
  git: GitRepository,
  repo: StoredRepo,
  { principal, requestId }: Caller,
  commands: readonly PushCommand[],
): Promise<void> {
  for (const { ref, old: before, new: to } of commands) {
    if (to === undefined) continue;
    await recordNewCommits(provenance, git, { repo, ref, before, to, through: "git-push", principal, requestId });
  }
}
