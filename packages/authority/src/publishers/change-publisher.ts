import { ApiError } from "@postern/core/error/api-error";
import { type Publisher, type PublisherTarget, targetKeyOf } from "@postern/core/publisher/publisher";
import type { Resource } from "@postern/core/resource/resource";
import { type Caller, changeEvent } from "../accounts/caller.ts";
import type { AskedTarget } from "../token-exchange/asked-target.ts";
import { auditResourceOf } from "../token-exchange/audit-resource.ts";
import type { ResourceDirectory } from "../token-exchange/resource-directory.ts";
import type { PendingPublishers } from "./pending-publishers.ts";
import type { PublisherStore } from "./publisher-store.ts";
import { authoriseTarget } from "./publisher-target.ts";

/** A publisher, and until when its repo's name is held where there is no repo yet. */
export interface ListedPublisher {
  readonly publisher: Publisher;
  readonly held: AskedTarget["held"];
}

export interface ChangePublisherDeps {
  readonly publishers: PublisherStore;
  readonly resources: ResourceDirectory;
}

/** @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`. */
export async function listPublishers(
  resource: Resource,
  caller: Caller,
  deps: ChangePublisherDeps,
): Promise<readonly ListedPublisher[]> {
  const target = await authoriseTarget(resource, "see", caller, deps.resources);
  return (await deps.publishers.list(target)).map((publisher) => ({ publisher, held: target.held }));
}

/**
 * Switches a publisher on or off.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`, `invalid_body`, `invalid_field`.
 */
export async function setPublisherEnabled(
  resource: Resource,
  id: string,
  body: unknown,
  caller: Caller,
  deps: ChangePublisherDeps,
): Promise<ListedPublisher> {
  const target = await authoriseTarget(resource, "change", caller, deps.resources);
  const enabled = parseEnabled(body);
  const publisher = await findOwnPublisher(id, target, deps.publishers);
  const event = changeEvent(caller, "publisher.change", auditResourceOf(target), { publisher_id: id, enabled });
  if ((await deps.publishers.setEnabled(id, enabled, event)) === "missing") throw noSuchPublisher();
  return { publisher: { ...publisher, enabled }, held: target.held };
}

/** @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`. */
export async function removePublisher(
  resource: Resource,
  id: string,
  caller: Caller,
  deps: ChangePublisherDeps & { readonly pending: PendingPublishers },
): Promise<void> {
  const target = await authoriseTarget(resource, "change", caller, deps.resources);
  await findOwnPublisher(id, target, deps.publishers);
  const event = changeEvent(caller, "publisher.remove", auditResourceOf(target), { publisher_id: id });
  if ((await deps.publishers.remove(id, event)) === "missing") throw noSuchPublisher();
  // A crash in between leaves a name that is held until it expires, which its holder may see and take.
  if (target.kind === "repo" && target.held !== undefined && (await deps.publishers.list(target)).length === 0) {
    const released = changeEvent(caller, "name.release", auditResourceOf(target), { repo_id: target.repoId });
    await deps.pending.release(target.repoId, released);
  }
}

/** The id alone must not reach another resource's publisher. */
export async function findOwnPublisher(
  id: string,
  target: PublisherTarget,
  publishers: PublisherStore,
): Promise<Publisher> {
  const publisher = await publishers.find(id);
  if (publisher === undefined || targetKeyOf(publisher.target) !== targetKeyOf(target)) throw noSuchPublisher();
  return publisher;
}

function parseEnabled(body: unknown): boolean {
  if (typeof body !== "object" || body === null) throw new ApiError("invalid_body", "The body must be a JSON object.");
  for (const name of Object.keys(body)) {
    if (name !== "enabled")
      throw new ApiError("invalid_field", `The field ${name} cannot be changed.`, {
        field: `/${name}`,
        remedy: "Remove the publisher and add a new one.",
      });
  }
  if ("enabled" in body && typeof body.enabled === "boolean") return body.enabled;
  throw new ApiError("invalid_field", "The field enabled is missing.", {
    field: "/enabled",
    remedy: "Send true or false.",
  });
}

export function noSuchPublisher(): ApiError {
  return new ApiError("not_found", "There is no such publisher here.");
}
