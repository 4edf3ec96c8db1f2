import type { Principal } from "@postern/core/access/principal";
import type { BranchLocks } from "../commits/branch-locks.ts";
import type { ObjectId } from "../git/object-id.ts";
import { creationLock, discardStorage, type RepoLifecycleDependencies } from "./create-repo.ts";
import { firstMove, writeFirstCommit } from "./first-commit.ts";
import type { HeldName } from "./held-name.ts";
import { storageRefusal } from "./storage-refusal.ts";

export interface MakeHeldRepoDeps
  extends Pick<RepoLifecycleDependencies, "catalogue" | "storage" | "clock" | "provenance"> {
  readonly locks: Pick<BranchLocks, "run">;
}

/** What `commit` did: `made` says whether the catalogue knows the repo now. */
export interface CommittedRepo<T> {
  readonly made: boolean;
  readonly value: T;
}

/**
 * Makes the repo of a held name; whoever calls decides by `commit`, which stores the catalogue's row together with its own records.
 *
 * Order: the git repo is built out of sight under a note, then `commit` runs, then the note goes. A crash before the commit leaves a
 * note and no row: the next start removes the directory, and nothing happened. A crash after it leaves a note and a row: the next
 * start takes the note away, and everything happened. A `commit` that throws is treated as such a crash, because a failing disk does
 * not say which of the two it was.
 *
 * @returns `exists` when somebody else made it meanwhile; `commit` did not run.
 */
export function makeHeldRepo<T>(
  deps: MakeHeldRepoDeps,
  held: Pick<HeldName, "repoId" | "repo">,
  creator: Principal,
  commit: () => Promise<CommittedRepo<T>>,
): Promise<{ readonly kind: "exists" } | { readonly kind: "done"; readonly value: T }> {
  const { catalogue, storage, clock, locks, provenance } = deps;
  const { repoId } = held;
  return locks.run(creationLock(repoId), async () => {
    if ((await catalogue.findById(repoId)) !== undefined) return { kind: "exists" };
    let first: ObjectId | undefined;
    try {
      // What an earlier try left; nothing refers to it.
      await storage.remove(repoId);
      await storage.build(repoId, async (git) => {
        first = await writeFirstCommit(git, creator, clock, []);
        await git.updateRef("refs/heads/main", first, undefined);
      });
    } catch (error) {
      await discardStorage(storage, repoId);
      throw storageRefusal(error);
    }
    const { made, value } = await commit();
    if (made) {
      if (first !== undefined) await provenance.record(firstMove(held, first, creator, undefined));
      await storage.finish(repoId);
      provenance.moved(held);
    } else await discardStorage(storage, repoId);
    return { kind: "done", value };
  });
}
