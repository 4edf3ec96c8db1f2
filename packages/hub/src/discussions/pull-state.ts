import type { Commit, GitRepository } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import { type Discussion, pullRefOf } from "./discussion.ts";
import { mergeTrees } from "./merge-trees.ts";

/** A pull request as git has it at this moment. */
export interface PullState {
  readonly head: ObjectId;
  /** Where the target is; where it was before the merge, for one that was merged. */
  readonly target: ObjectId;
  /** What both have in common; `undefined` when their histories have nothing in common. */
  readonly base: ObjectId | undefined;
}

const MAX_COMMITS = 250;

/** `undefined` when the target branch or the ref of the pull request is gone. */
export async function pullStateOf(git: GitRepository, { num, pull }: Discussion): Promise<PullState | undefined> {
  if (pull === undefined) return undefined;
  const head = await git.readRef(pullRefOf(num));
  const target = pull.merged?.base ?? (await git.readRef(pull.target));
  if (head === undefined || target === undefined) return undefined;
  return { head, target, base: await git.mergeBase(target, head) };
}

/** The commits that the pull request adds, oldest first, 250 at most. */
export async function commitsOf(git: GitRepository, { head, target }: PullState): Promise<readonly Commit[]> {
  return (await git.log(head, { skip: 0, limit: MAX_COMMITS, exclude: target })).toReversed();
}

/** Files that stand in the way of a merge; `true` when the two have no history in common. */
export async function conflictsOf(git: GitRepository, state: PullState): Promise<readonly string[] | true> {
  if (state.base === undefined) return true;
  if (state.base === state.target || state.base === state.head) return [];
  const [base, ours, theirs] = await Promise.all(
    [state.base, state.target, state.head].map((commit) => treeOf(git, commit)),
  );
  if (base === undefined || ours === undefined || theirs === undefined) return true;
  // Nothing is written: what the merged folders would be called does not matter to the question.
  const { conflicts } = await mergeTrees(
    { base, ours, theirs },
    (oid) => readTreeOf(git, oid),
    async () => ours,
  );
  return conflicts;
}

/** @throws {Error} when the commit is gone. */
export async function treeOf(git: GitRepository, commit: ObjectId): Promise<ObjectId> {
  const found = await git.readCommit(commit);
  if (found === undefined) throw new Error(`no commit ${commit}`);
  return found.tree;
}

/** @throws {Error} when the tree is gone. */
export async function readTreeOf(
  git: GitRepository,
  oid: ObjectId,
): Promise<NonNullable<Awaited<ReturnType<GitRepository["readTree"]>>>> {
  const items = await git.readTree(oid);
  if (items === undefined) throw new Error(`no tree ${oid}`);
  return items;
}
