import type { AccessRequestStatus } from "@postern/core/access/file-access";
import { HubError } from "@postern/core/error/hub-error";
import type { Caller } from "../access/caller.ts";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { accessRequestEvent } from "./access-request-event.ts";
import type { AccessRequest } from "./access-requests.ts";
import type { GateDeps } from "./ask-for-access.ts";
import { changedMeanwhile, requestNotFound, requireGate } from "./request-refusals.ts";

export interface Review {
  readonly user: string;
  readonly status: AccessRequestStatus;
  /** With `rejected` only; 1 to 200 characters. */
  readonly rejectionReason: string | undefined;
}

/**
 * Decides about a request; the caller's right to review was checked before. From the moment it is stored the person has, or has not, the files.
 *
 * @throws {HubError} 400 `RepoNotGated`, 404 when there is no request or it is in that state already, 409 when somebody else was faster.
 */
export async function reviewRequest(deps: GateDeps, caller: Caller, repo: StoredRepo, review: Review): Promise<void> {
  requireGate(repo);
  const current = await deps.accessRequests.find(repo.repoId, review.user);
  if (current === undefined || current.status === review.status) throw requestNotFound();
  await store(deps, "access.handle", caller, repo, current, reviewed(deps, caller, current, review));
}

/**
 * Lets a person in who need not have asked; the caller's right to review was checked before.
 *
 * @throws {HubError} 400 when the repo has no gate or they have access, 404 when there is no such person.
 */
export async function grantAccess(
  deps: GateDeps & { readonly gatekeeper: Pick<Gatekeeper, "findUser"> },
  caller: Caller,
  repo: StoredRepo,
  wanted: string,
): Promise<AccessRequest> {
  requireGate(repo);
  const user = await deps.gatekeeper.findUser(wanted);
  if (user === undefined) throw new HubError(404, "NotFound", "User not found");
  const current = await deps.accessRequests.find(repo.repoId, user.name);
  const isOwner = user.name.toLowerCase() === repo.repo.namespace.toLowerCase();
  if (current?.status === "accepted" || isOwner) {
    throw new HubError(400, "BadRequest", "That user already has access to the repo");
  }
  const unasked: AccessRequest = {
    user: user.name,
    fullname: user.fullname,
    email: undefined,
    status: "pending",
    requestedAt: deps.clock.now(),
    reviewedAt: undefined,
    grantedBy: undefined,
    rejectionReason: undefined,
    fields: undefined,
  };
  const review = { user: user.name, status: "accepted", rejectionReason: undefined } as const;
  const granted = reviewed(deps, caller, current ?? unasked, review);
  await store(deps, "access.grant", caller, repo, current, granted);
  return granted;
}

function reviewed(deps: GateDeps, caller: Caller, current: AccessRequest, review: Review): AccessRequest {
  const { status, rejectionReason } = review;
  const reviewer = caller.principal.kind === "user" ? caller.principal.name : undefined;
  return {
    ...current,
    status,
    reviewedAt: status === "pending" ? undefined : deps.clock.now(),
    grantedBy: status === "accepted" ? reviewer : undefined,
    rejectionReason: status === "rejected" ? rejectionReason : undefined,
  };
}

async function store(
  deps: GateDeps,
  event: "access.handle" | "access.grant",
  caller: Caller,
  repo: StoredRepo,
  current: AccessRequest | undefined,
  request: AccessRequest,
): Promise<void> {
  const { user, status } = request;
  await deps.audit.record(accessRequestEvent(event, caller, repo, { user, status, before: current?.status }));
  if ((await deps.accessRequests.put(repo.repoId, request, current?.status)) === "changed") throw changedMeanwhile();
}
