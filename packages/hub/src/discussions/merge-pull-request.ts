import { HubError } from "@postern/core/error/hub-error";
import { authorOf, commitMessage } from "../commits/commit-attribution.ts";
import { formatCommit } from "../git/commit-object.ts";
import type { GitRepository } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import { formatTree } from "../git/tree-object.ts";
import type { CommitProvenance } from "../provenance/commit-provenance.ts";
import { recordNewCommits } from "../provenance/record-new-commits.ts";
import { type AfterRefsMovedDeps, afterRefsMoved } from "../repos/after-refs-moved.ts";
import { refuseBadCard } from "../repos/check-card.ts";
import { storageRefusal } from "../repos/storage-refusal.ts";
import { commentEvents, type DiscussionChange, newEvent, update } from "./change-discussion.ts";
import type { Discussion, DiscussionEvent, PullRequest } from "./discussion.ts";
import { pullRefOf } from "./discussion.ts";
import { discussionEvent } from "./discussion-audit.ts";
import type { DiscussionDeps } from "./discussion-deps.ts";
import { mergeTrees } from "./merge-trees.ts";
import { type PullState, pullStateOf, readTreeOf, treeOf } from "./pull-state.ts";

const MAX_ATTEMPTS = 5;

export interface MergeDeps extends DiscussionDeps, AfterRefsMovedDeps {
  readonly provenance: Pick<CommitProvenance, "record" | "moved">;
}

/**
 * Merges a pull request into its branch; that the caller may write to the repo was checked before.
 *
 * The branch moves forward to the pull request's commit where nothing happened on it since; otherwise it gets a merge commit by whoever
 * merges. Order: objects durable, audit entry durable, branch moved by compare-and-swap, pull request marked. After a crash before the
 * last step merging again marks it.
 *
 * @throws {HubError} 400 for a card that cannot be read; 409 `Conflict` when it is no open pull request, has conflicts (`filesWithConflicts`), or the branch moves too fast.
 */
export async function mergePullRequest(
  deps: MergeDeps,
  change: DiscussionChange,
  comment: string | undefined,
): Promise<DiscussionEvent> {
  const { caller, repo, discussion } = change;
  const { pull } = discussion;
  if (pull === undefined) throw new HubError(409, "Conflict", "This is a discussion; there is nothing to merge.");
  if (discussion.status !== "open") {
    throw new HubError(409, "Conflict", `A pull request that is ${discussion.status} is not merged. Open it first.`);
  }
  try {
    // The pull request's own lock, too: what is merged is what is there. In the order of the refs' names, as pushes take them.
    const merged = await deps.locks.run(`${repo.repoId} ${pull.target}`, () =>
      deps.locks.run(`${repo.repoId} ${pullRefOf(discussion.num)}`, () => advanceTarget(deps, change, pull)),
    );
    await afterRefsMoved(deps, repo, [pull.target]);
    const event = newEvent(deps, caller, { type: "status-change", status: "merged" });
    const after: Discussion = { ...discussion, status: "merged", pull: { ...pull, merged } };
    await update(deps, repo, after, discussion.status, [...commentEvents(deps, caller, comment), event]);
    return event;
  } catch (error) {
    throw storageRefusal(error);
  }
}

async function advanceTarget(
  deps: MergeDeps,
  change: DiscussionChange,
  pull: PullRequest,
): Promise<NonNullable<PullRequest["merged"]>> {
  const { caller, repo, discussion } = change;
  const git = deps.git.open(repo);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const state = await pullStateOf(git, discussion);
    if (state === undefined) throw new HubError(409, "Conflict", "The branch of this pull request does not exist.");
    const commit = await mergedCommit(deps, change, git, state);
    await refuseBadCard(git, await treeOf(git, commit), await treeOf(git, state.target));
    const detail = { num: discussion.num, ref: pull.target, from: state.target, to: commit, head: state.head };
    await deps.audit.record(discussionEvent("discussion.merge", caller, repo, detail));
    await recordNewCommits(deps.provenance, git, {
      repo,
      ref: pull.target,
      before: state.target,
      to: commit,
      through: "api",
      principal: caller.principal,
      requestId: caller.requestId,
    });
    const outcome = commit === state.target ? "updated" : await git.updateRef(pull.target, commit, state.target);
    if (outcome === "updated") {
      deps.provenance.moved(repo);
      return { base: state.target, commit };
    }
    await deps.audit.record(discussionEvent("discussion.merge", caller, repo, { ...detail, code: outcome }, "denied"));
  }
  throw new HubError(409, "Conflict", "The branch is changing too fast. Try again.");
}

/** The commit that the branch gets: the pull request's own, or a new one on top of both. */
async function mergedCommit(
  deps: DiscussionDeps,
  { caller, discussion }: DiscussionChange,
  git: GitRepository,
  { head, target, base }: PullState,
): Promise<ObjectId> {
  if (base === undefined) {
    throw new HubError(409, "Conflict", "The pull request and its branch have no history in common.");
  }
  if (base === head) return target;
  if (base === target) return head;
  await using staged = await git.stageObjects();
  const trees = { base: await treeOf(git, base), ours: await treeOf(git, target), theirs: await treeOf(git, head) };
  const { conflicts, tree } = await mergeTrees(
    trees,
    (oid) => readTreeOf(git, oid),
    (items) => staged.writeTree(formatTree(items)),
  );
  if (conflicts.length > 0) {
    throw new HubError(
      409,
      "Conflict",
      `Both sides changed ${conflicts.length} of the same files; nothing was merged.`,
      {
        body: { filesWithConflicts: conflicts },
      },
    );
  }
  const { principal } = caller;
  const summary = `Merge pull request #${discussion.num}: ${discussion.title}`;
  const commit = await staged.writeCommit(
    formatCommit({
      tree,
      parent: target,
      secondParent: head,
      author: authorOf(principal),
      at: deps.clock.now(),
      message: commitMessage({ summary, description: "", parentCommit: undefined }, principal),
    }),
  );
  await staged.publish();
  return commit;
}
