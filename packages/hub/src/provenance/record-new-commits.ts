import type { GitRepository } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import { type CommitProvenance, MAX_STATED_COMMITS, type RefMove } from "./commit-provenance.ts";

/**
 * Records a move of a ref to `to`, a commit or an annotated tag, with those commits that no ref of the repo leads to yet; a ref that is set
 * to what was there before needs no statement.
 */
export async function recordNewCommits(
  provenance: Pick<CommitProvenance, "record">,
  git: Pick<GitRepository, "newCommits">,
  { to, ...move }: Omit<RefMove, "after" | "commits"> & { readonly to: ObjectId },
): Promise<void> {
  const commits = await git.newCommits(to, MAX_STATED_COMMITS);
  const [after] = commits;
  if (after !== undefined) await provenance.record({ ...move, after, commits });
}
