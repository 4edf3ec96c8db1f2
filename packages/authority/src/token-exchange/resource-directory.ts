import type { Visibility } from "@postern/core/access/repo-access";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** What the authority needs to know about a repo. */
export interface KnownRepo {
  readonly repo: RepoRef;
  readonly repoId: string;
  readonly visibility: Visibility;
  /** True where personal tokens do not write. */
  readonly trustedPublishingOnly?: boolean;
  /** Set while there is only a name, held for a pending publisher; the first exchange makes the repo. Such a name counts as private. */
  readonly held?: { readonly heldBy: string; readonly expiresAt: EpochSeconds };
}

/** Port: which repos exist, and which names are held. The hub implements it. */
export interface ResourceDirectory {
  /** Finds by name without regard to case; the answer carries the stored spelling. */
  findRepo(repo: RepoRef): Promise<KnownRepo | undefined>;
}
