import type { Principal } from "@postern/core/access/principal";
import { HubError } from "@postern/core/error/hub-error";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import { formatCommit } from "../git/commit-object.ts";
import type { GitRepository, StagedObjects } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import { refuseBadCard } from "../repos/check-card.ts";
import { applyOperations } from "./apply-operations.ts";
import { authorOf, commitMessage } from "./commit-attribution.ts";
import type { ReceivedCommit } from "./receive-commit.ts";

/**
 * Writes a received commit on top of `parent` and makes its objects durable; no ref leads to it yet.
 *
 * @throws {HubError} 412 `StaleParent` when the client built on another commit; 400 and 404 as `applyOperations`.
 */
export async function writeCommitOn(
  git: GitRepository,
  staged: StagedObjects,
  received: ReceivedCommit,
  parent: ObjectId | undefined,
  { by, at }: { readonly by: Principal; readonly at: EpochSeconds },
): Promise<ObjectId> {
  checkParent(received.header.parentCommit, parent);
  const tree = await applyOperations(git, staged, parent, received);
  const message = commitMessage(received.header, by);
  const commit = await staged.writeCommit(formatCommit({ tree, parent, author: authorOf(by), at, message }));
  await staged.publish();
  // Only now can the new card be read; objects that nothing refers to harm nobody.
  await refuseBadCard(git, tree, parent === undefined ? undefined : (await git.readCommit(parent))?.tree);
  return commit;
}

function checkParent(expected: string | undefined, tip: ObjectId | undefined): void {
  if (expected === undefined || tip?.startsWith(expected)) return;
  throw new HubError(
    412,
    "StaleParent",
    `A commit has happened since. The branch is at ${tip ?? "nothing"}, your parent commit is ${expected}. Refresh and try again.`,
  );
}
