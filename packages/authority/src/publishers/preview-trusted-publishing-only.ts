import { ApiError } from "@postern/core/error/api-error";
import { isFrozen, type Publisher } from "@postern/core/publisher/publisher";
import type { Resource } from "@postern/core/resource/resource";
import type { Caller } from "../accounts/caller.ts";
import type { ResourceDirectory } from "../token-exchange/resource-directory.ts";
import type { PublisherStore } from "./publisher-store.ts";
import { authoriseTarget } from "./publisher-target.ts";
import { type RepoWriters, type RepoWritersDeps, repoWriters } from "./repo-writers.ts";

export interface PreviewDeps extends RepoWritersDeps {
  readonly publishers: Pick<PublisherStore, "list">;
  readonly resources: ResourceDirectory;
}

/** What trusted publishing only stops at a repo, and what goes on. */
export interface TrustedPublishingOnlyPreview {
  readonly on: boolean;
  /** People and tokens that could not write any more. */
  readonly stops: RepoWriters;
  /** Enabled publishers with write access that are not frozen; without one nobody could write. */
  readonly goesOn: readonly Publisher[];
}

/** @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`. */
export async function previewTrustedPublishingOnly(
  resource: Resource,
  caller: Caller,
  deps: PreviewDeps,
): Promise<TrustedPublishingOnlyPreview> {
  const target = await authoriseTarget(resource, "see", caller, deps.resources);
  if (target.kind === "user") throw new ApiError("not_found", "Only repos have this setting.");
  const known = await deps.resources.findRepo(target.repo);
  const publishers = await deps.publishers.list(target);
  return {
    on: known?.trustedPublishingOnly === true,
    stops: await repoWriters(target.repo.namespace, deps),
    goesOn: publishers.filter((publisher) => publisher.enabled && !isFrozen(publisher) && publisher.access === "write"),
  };
}
