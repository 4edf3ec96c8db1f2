import type { PublisherTarget } from "@postern/core/publisher/publisher";
import type { KnownRepo } from "./resource-directory.ts";

/** What was asked for; `held` while it is a name without a repo. */
export type AskedTarget = PublisherTarget & { readonly held?: KnownRepo["held"] };

/** A repo, or the name of one, as publishers are stored under it. */
export function targetOf({ repo, repoId, held }: KnownRepo): AskedTarget {
  return held === undefined ? { kind: "repo", repoId, repo } : { kind: "repo", repoId, repo, held };
}
