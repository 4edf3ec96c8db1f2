import { gateRuleFor } from "@postern/core/access/file-access";
import type { UserPrincipal } from "@postern/core/access/principal";
import { HubError } from "@postern/core/error/hub-error";
import type { Clock } from "@postern/core/time/clock";
import type { AuditLog } from "../access/audit-log.ts";
import type { Caller } from "../access/caller.ts";
import { LOGIN_CHALLENGE } from "../access/open-repo.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { accessRequestEvent } from "./access-request-event.ts";
import type { AccessRequest, AccessRequests } from "./access-requests.ts";
import { changedMeanwhile, requestNotFound } from "./request-refusals.ts";

export interface GateDeps {
  readonly accessRequests: AccessRequests;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** What a person now has: files at once, a request that waits, or what they had before. */
export type AskOutcome = "no-gate" | "member" | AccessRequest["status"];

/**
 * A person asks to read a gated repo: `auto` lets them in at once, `manual` leaves it to whoever may write.
 *
 * Asking again changes nothing, unless the request was reset or the gate opens by itself by now; a rejection stands.
 *
 * @throws {HubError} 401 or 403 `Forbidden` for anybody but a person with a write token: asking hands over the name and agrees to terms.
 */
export async function askForAccess(
  deps: GateDeps,
  caller: Caller,
  repo: StoredRepo,
  fields: AccessRequest["fields"],
): Promise<AskOutcome> {
  const principal = personOf(caller);
  if (repo.gated === undefined) return "no-gate";
  if (gateRuleFor(principal, repo).kind === "open") return "member";
  const current = await deps.accessRequests.find(repo.repoId, principal.name);
  const opensNow = repo.gated === "auto" && current?.status === "pending";
  if (current !== undefined && current.status !== "reset" && !opensNow) return current.status;
  const now = deps.clock.now();
  const status = repo.gated === "auto" ? "accepted" : "pending";
  const request: AccessRequest = {
    user: principal.name,
    fullname: principal.fullname,
    email: principal.email,
    status,
    requestedAt: opensNow ? (current?.requestedAt ?? now) : now,
    reviewedAt: status === "accepted" ? now : undefined,
    grantedBy: undefined,
    rejectionReason: undefined,
    fields: fields ?? (opensNow ? current?.fields : undefined),
  };
  const before = current?.status;
  await deps.audit.record(accessRequestEvent("access.request", caller, repo, { user: principal.name, status, before }));
  if ((await deps.accessRequests.put(repo.repoId, request, before)) === "changed") throw changedMeanwhile();
  return status;
}

/** A person takes back a request that waits. @throws {HubError} 404 when there is none. */
export async function withdrawRequest(deps: GateDeps, caller: Caller, repo: StoredRepo): Promise<void> {
  const user = personOf(caller).name;
  const current = await deps.accessRequests.find(repo.repoId, user);
  if (current?.status !== "pending") throw requestNotFound();
  const detail = { user, status: "none", before: current.status };
  await deps.audit.record(accessRequestEvent("access.cancel", caller, repo, detail));
  if ((await deps.accessRequests.remove(repo.repoId, user, "pending")) === "changed") throw changedMeanwhile();
}

function personOf({ principal }: Caller): UserPrincipal {
  if (principal.kind === "anonymous") {
    throw new HubError(401, "Forbidden", "You are not logged in. Log in to ask for access.", {
      headers: LOGIN_CHALLENGE,
    });
  }
  if (principal.kind !== "user") {
    throw new HubError(403, "Forbidden", "Only a person can ask for access: a job reads what its user was granted.");
  }
  if (principal.tokenRole !== "write") {
    throw new HubError(403, "Forbidden", "This token is read-only; ask for access with one that has the write role.");
  }
  return principal;
}
