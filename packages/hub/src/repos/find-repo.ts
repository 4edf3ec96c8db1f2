import type { GuardedRepo } from "@postern/core/access/repo-access";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { RepoCatalogue } from "./repo-catalogue.ts";

/** What other parts of the house may know about a repo: that it exists, its id and its visibility. */
export async function findRepo(
  catalogue: Pick<RepoCatalogue, "find">,
  wanted: RepoRef,
): Promise<GuardedRepo | undefined> {
  const stored = await catalogue.find(wanted);
  if (stored === undefined) return undefined;
  const { repo, repoId, visibility, trustedPublishingOnly = false } = stored;
  return { repo, repoId, visibility, trustedPublishingOnly };
}
