import type { Principal } from "@postern/core/access/principal";
import type { Clock } from "@postern/core/time/clock";
import { authorOf, commitMessage } from "../commits/commit-attribution.ts";
import { EditedTree } from "../commits/edited-tree.ts";
import { INITIAL_GIT_ATTRIBUTES } from "../commits/git-attributes.ts";
import { formatCommit } from "../git/commit-object.ts";
import type { GitRepository } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import type { RefMove } from "../provenance/commit-provenance.ts";

/** How the first commit comes into its repo, for its provenance. */
export function firstMove(
  repo: RefMove["repo"],
  commit: ObjectId,
  principal: Principal,
  requestId: string | undefined,
): RefMove {
  const ref = "refs/heads/main";
  return { repo, ref, before: undefined, after: commit, commits: [commit], through: "api", principal, requestId };
}

/** A file of a new repo. The path has passed `parseEntryPath`. */
export interface FirstFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/** Writes a commit without a parent: the `.gitattributes` that new repos have, and `files`. No ref points to it yet. */
export async function writeFirstCommit(
  git: GitRepository,
  principal: Principal,
  clock: Clock,
  files: readonly FirstFile[],
): Promise<ObjectId> {
  await using staged = await git.stageObjects();
  const tree = new EditedTree(async () => [], undefined);
  await tree.put(".gitattributes", await staged.writeBlob(Buffer.from(INITIAL_GIT_ATTRIBUTES)));
  for (const { path, content } of files) await tree.put(path, await staged.writeBlob(content));
  const commit = await staged.writeCommit(
    formatCommit({
      tree: await tree.write(staged),
      parent: undefined,
      author: authorOf(principal),
      at: clock.now(),
      message: commitMessage({ summary: "initial commit", description: "", parentCommit: undefined }, principal),
    }),
  );
  await staged.publish();
  return commit;
}
