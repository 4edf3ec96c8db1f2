import type { Resource } from "@postern/core/resource/resource";
import type { Caller } from "../accounts/caller.ts";
import type { PublisherStore } from "../publishers/publisher-store.ts";
import { authoriseTarget } from "../publishers/publisher-target.ts";
import type { ResourceDirectory } from "../token-exchange/resource-directory.ts";
import { adviseOwner, type OwnerAdvice } from "./advise-owner.ts";
import type { Attempt } from "./attempt.ts";
import type { AttemptCursor, AttemptStore } from "./attempt-store.ts";

export interface ListAttemptsDeps {
  readonly attempts: Pick<AttemptStore, "list">;
  readonly publishers: Pick<PublisherStore, "list">;
  readonly resources: ResourceDirectory;
}

export interface AdvisedAttempt extends Attempt {
  readonly advice: OwnerAdvice | undefined;
}

export interface AttemptPage {
  readonly attempts: readonly AdvisedAttempt[];
  /** Where the next page begins; `undefined` on the last one. */
  readonly next: AttemptCursor | undefined;
}

/**
 * Refused exchanges on a resource, newest first, for whoever may see its publishers.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`.
 */
export async function listAttempts(
  resource: Resource,
  page: { readonly after: AttemptCursor | undefined; readonly limit: number },
  caller: Caller,
  deps: ListAttemptsDeps,
): Promise<AttemptPage> {
  const target = await authoriseTarget(resource, "see", caller, deps.resources);
  const found = await deps.attempts.list(target, page.after, page.limit + 1);
  const shown = found.slice(0, page.limit);
  const last = shown.at(-1);
  const publishers = shown.length === 0 ? [] : await deps.publishers.list(target);
  return {
    attempts: shown.map((attempt) => ({ ...attempt, advice: adviseOwner(attempt, publishers) })),
    next: found.length > shown.length && last !== undefined ? { at: last.at, id: last.id } : undefined,
  };
}
