import { decideRepoAccess } from "@postern/core/access/repo-access";
import { ApiError } from "@postern/core/error/api-error";
import type { Resource } from "@postern/core/resource/resource";
import { type Caller, requireChangingPerson, requirePerson } from "../accounts/caller.ts";
import { type AskedTarget, targetOf } from "../token-exchange/asked-target.ts";
import type { ResourceDirectory } from "../token-exchange/resource-directory.ts";

/**
 * Finds the resource whose publishers the caller wants to see or change, if it may.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, or `not_found` also for a repo that the caller must not know of.
 */
export async function authoriseTarget(
  resource: Resource,
  intent: "see" | "change",
  caller: Caller,
  resources: ResourceDirectory,
): Promise<AskedTarget> {
  const person = intent === "change" ? requireChangingPerson(caller) : requirePerson(caller);
  if (resource.kind === "user") {
    if (person.name.toLowerCase() !== resource.name.toLowerCase())
      throw new ApiError("forbidden", "Only the user may see and change these publishers.");
    return { kind: "user", name: person.name };
  }
  const known = await resources.findRepo(resource.repo);
  if (known === undefined) throw noSuchRepo();
  const decision = decideRepoAccess(person, known, "admin");
  switch (decision.kind) {
    case "allow":
      return targetOf(known);
    case "hidden":
      throw noSuchRepo();
    case "disabled":
      throw new ApiError("forbidden", "Access to this resource is disabled.");
    case "forbidden":
      throw new ApiError("forbidden", decision.reason);
  }
}

function noSuchRepo(): ApiError {
  return new ApiError("not_found", "There is no such repo, or you may not see it.", {
    remedy: "Check the name; create the repo first.",
  });
}
