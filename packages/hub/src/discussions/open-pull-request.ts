import { HubError } from "@postern/core/error/hub-error";
import { Refusal } from "@postern/core/error/refusal";
import type { Caller } from "../access/caller.ts";
import { repoNotFound } from "../access/open-repo.ts";
import type { CommitDependencies } from "../commits/commit-to-branch.ts";
import { receiveCommit } from "../commits/receive-commit.ts";
import { writeCommitOn } from "../commits/write-commit-on.ts";
import type { ObjectId } from "../git/object-id.ts";
import { revisionNotFound } from "../git/revision-not-found.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { storageRefusal } from "../repos/storage-refusal.ts";
import type { Discussion } from "./discussion.ts";
import type { DiscussionDeps } from "./discussion-deps.ts";
import { openDiscussion } from "./open-discussion.ts";

export interface PullRequestCommit {
  /** The branch that the change is for: `refs/heads/main`. */
  readonly target: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * A commit that becomes a pull request instead of moving the branch (`create_pr=1`); that the caller may take part was checked before.
 *
 * @throws {HubError} as `commitToBranch` and `openDiscussion`.
 */
export async function openPullRequest(
  deps: DiscussionDeps & CommitDependencies,
  caller: Caller,
  repo: StoredRepo,
  { target, body }: PullRequestCommit,
): Promise<{ readonly discussion: Discussion; readonly commit: ObjectId }> {
  const git = deps.git.open(repo);
  try {
    const base = await git.readRef(target);
    if (base === undefined) throw revisionNotFound(target.replace(/^refs\/heads\//, ""));
    await using staged = await git.stageObjects();
    const lfs = deps.arrivals?.({ ...caller, repo }) ?? deps.lfs;
    const received = await receiveCommit(body, staged, lfs, repo.repoId, deps.limits);
    const commit = await writeCommitOn(git, staged, received, base, { by: caller.principal, at: deps.clock.now() });
    const { summary, description } = received.header;
    const discussion = await openDiscussion(deps, caller, repo, {
      title: titleOf(summary),
      text: description.trim().slice(0, 65_536) || "Opened with a commit.",
      pull: { target, head: commit, status: "open" },
    });
    return { discussion, commit };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if ((await deps.catalogue.findById(repo.repoId)) === undefined) throw repoNotFound(caller.principal);
    throw storageRefusal(error);
  }
}

/** Commits have shorter and longer summaries than titles may be. */
function titleOf(summary: string): string {
  const line = summary.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  const title = [...line].slice(0, 200).join("");
  return title.length >= 3 ? title : `Change: ${title || "files"}`;
}

/** @throws {HubError} 404 when there is no pull request of that number; 409 when it takes no commits any more. */
export function requireOpenPull(discussion: Discussion | undefined, num: number): Discussion {
  if (discussion?.pull === undefined) throw revisionNotFound(`refs/pr/${num}`);
  if (discussion.status === "open" || discussion.status === "draft") return discussion;
  throw new HubError(409, "Conflict", `Pull request ${num} is ${discussion.status} and takes no commits.`);
}
