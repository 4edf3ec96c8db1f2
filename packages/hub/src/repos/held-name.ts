import type { Visibility } from "@postern/core/access/repo-access";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** A name without a repo that is kept for a pending publisher: nobody else gets it until it expires. */
export interface HeldName {
  readonly repo: RepoRef;
  /** The id that the repo will have: publishers are stored under it already, so they are the repo's own once it exists. */
  readonly repoId: string;
  /** What the repo will be. */
  readonly visibility: Visibility;
  /** The account that asked for it. */
  readonly heldBy: string;
  readonly expiresAt: EpochSeconds;
}
