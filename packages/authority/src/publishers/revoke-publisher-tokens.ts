import type { Resource } from "@postern/core/resource/resource";
import { type Caller, changeEvent } from "../accounts/caller.ts";
import { auditResourceOf } from "../token-exchange/audit-resource.ts";
import { type ChangePublisherDeps, findOwnPublisher, noSuchPublisher } from "./change-publisher.ts";
import { authoriseTarget } from "./publisher-target.ts";

/**
 * Ends every token that a publisher has earned so far. The publisher stays: to stop it from earning more, switch it off first.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`.
 */
export async function revokePublisherTokens(
  resource: Resource,
  id: string,
  caller: Caller,
  deps: ChangePublisherDeps,
): Promise<void> {
  const target = await authoriseTarget(resource, "change", caller, deps.resources);
  await findOwnPublisher(id, target, deps.publishers);
  const event = changeEvent(caller, "publisher.revoke-tokens", auditResourceOf(target), { publisher_id: id });
  if ((await deps.publishers.revokeTokens(id, event)) === "missing") throw noSuchPublisher();
}
