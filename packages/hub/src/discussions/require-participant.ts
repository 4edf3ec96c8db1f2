import { refuseParticipation } from "@postern/core/access/discussion-access";
import type { Principal } from "@postern/core/access/principal";
import { decideRepoAccess } from "@postern/core/access/repo-access";
import { HubError } from "@postern/core/error/hub-error";
import { LOGIN_CHALLENGE } from "../access/open-repo.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";

/** That a reader of the repo may also write in its discussions. @throws {HubError} 403 `Forbidden`, 401 for an anonymous caller. */
export function requireParticipant(principal: Principal, repo: StoredRepo): void {
  const refusal = refuseParticipation(principal, repo);
  if (refusal === undefined) return;
  if (principal.kind === "anonymous") throw new HubError(401, "Forbidden", refusal, { headers: LOGIN_CHALLENGE });
  throw new HubError(403, "Forbidden", refusal);
}

/** Whether somebody looks after the repo's discussions, and not only after their own. */
export function mayReview(principal: Principal, repo: StoredRepo): boolean {
  return decideRepoAccess(principal, repo, "review").kind === "allow";
}
