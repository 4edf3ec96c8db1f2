import type { GuardedRepo } from "@postern/core/access/repo-access";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { RepoCatalogue } from "./repo-catalogue.ts";

/** A repo, or a name that is held for one. */
export interface FoundRepo extends GuardedRepo {
  /** Set while there is only a name. It counts as private, so that nobody learns of it by asking. */
  readonly held?: { readonly heldBy: string; readonly expiresAt: EpochSeconds };
}

/** What other parts of the house may know about a repo: that it exists, its id and its visibility. */
export async function findRepo(
  catalogue: Pick<RepoCatalogue, "find" | "findHeld">,
  wanted: RepoRef,
  now: EpochSeconds,
): Promise<FoundRepo | undefined> {
  // Both are always asked, so that the time of an answer does not tell a repo from none.
  const stored = await catalogue.find(wanted);
  const held = await catalogue.findHeld(wanted, now);
  if (stored !== undefined) {
    const { repo, repoId, visibility, trustedPublishingOnly = false, disabled = false } = stored;
    return { repo, repoId, visibility, trustedPublishingOnly, disabled };
  }
  if (held === undefined) return undefined;
  const { repo, repoId, heldBy, expiresAt } = held;
  return { repo, repoId, visibility: "private", held: { heldBy, expiresAt } };
}
