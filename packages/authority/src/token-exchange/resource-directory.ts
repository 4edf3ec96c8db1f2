import type { Visibility } from "@postern/core/access/repo-access";
import type { RepoRef } from "@postern/core/resource/repo-ref";

/** What the authority needs to know about a repo. */
export interface KnownRepo {
  readonly repo: RepoRef;
  readonly repoId: string;
  readonly visibility: Visibility;
  /** True where personal tokens do not write. */
  readonly trustedPublishingOnly?: boolean;
}

/** Port: which repos exist. The hub implements it. */
export interface ResourceDirectory {
  /** Finds by name without regard to case; the answer carries the stored spelling. */
  findRepo(repo: RepoRef): Promise<KnownRepo | undefined>;
}
