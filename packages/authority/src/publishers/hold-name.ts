import { decideRepoAccess } from "@postern/core/access/repo-access";
import { ApiError } from "@postern/core/error/api-error";
import { parseRepoRef, type RepoRef, repoIdOf } from "@postern/core/resource/repo-ref";
import { addSeconds } from "@postern/core/time/epoch-seconds";
import type { AccountStore } from "../accounts/account-store.ts";
import { type Caller, requireChangingPerson } from "../accounts/caller.ts";
import type { ResourceDirectory } from "../token-exchange/resource-directory.ts";
import { MAX_HELD_NAMES, type NewHeldName } from "./pending-publishers.ts";
import type { PendingRequest } from "./pending-request.ts";

export interface HoldNameDeps {
  readonly accounts: Pick<AccountStore, "find">;
  readonly resources: ResourceDirectory;
  /** 24 random hex digits: an id that no repo ever had. */
  readonly newRepoId: () => string;
}

/**
 * The name that a pending publisher asks to hold, if the caller may manage the repo that will have it.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found` without such a namespace, `conflict` when the name is taken.
 */
export async function nameToHold(
  wanted: RepoRef,
  request: PendingRequest,
  caller: Caller,
  now: NewHeldName["expiresAt"],
  { accounts, resources, newRepoId }: HoldNameDeps,
): Promise<NewHeldName> {
  const person = requireChangingPerson(caller);
  // Asked of the name alone: whoever may not manage the namespace learns nothing about what is in it.
  const decision = decideRepoAccess(person, { repo: wanted, repoId: "", visibility: "public" }, "admin");
  if (decision.kind === "forbidden") throw new ApiError("forbidden", decision.reason);
  const namespace = (await accounts.find(wanted.namespace))?.name;
  const repo = namespace === undefined ? undefined : parseRepoRef(wanted.kind, namespace, wanted.name);
  if (repo === undefined)
    throw new ApiError("not_found", `There is no user or organisation named ${wanted.namespace}.`);
  if ((await resources.findRepo(repo)) !== undefined) throw nameTaken(repo);
  return {
    repo,
    repoId: newRepoId(),
    visibility: request.visibility,
    heldBy: person.name,
    expiresAt: addSeconds(now, request.holdSeconds),
  };
}

export function nameTaken(repo: RepoRef): ApiError {
  return new ApiError("conflict", `The repo ${repoIdOf(repo)} exists, or its name is held already.`, {
    remedy: "Leave out pending to add a publisher to it.",
  });
}

export function tooManyNames(): ApiError {
  return new ApiError("conflict", `This account holds ${MAX_HELD_NAMES} names already.`, {
    remedy: "Publish to one of them, remove one, or wait until one expires.",
  });
}
