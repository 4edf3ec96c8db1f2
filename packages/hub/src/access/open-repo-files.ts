import { decideFileAccess, type FileAccessDecision, gateRuleFor } from "@postern/core/access/file-access";
import type { Principal } from "@postern/core/access/principal";
import { HubError } from "@postern/core/error/hub-error";
import { type RepoRef, repoIdOf, repoPathOf } from "@postern/core/resource/repo-ref";
import type { AccessRequests } from "../gates/access-requests.ts";
import type { RepoCatalogue, StoredRepo } from "../repos/repo-catalogue.ts";
import { LOGIN_CHALLENGE, openRepo, repoNotFound } from "./open-repo.ts";

export interface FileAccessDeps {
  readonly catalogue: Pick<RepoCatalogue, "find">;
  readonly accessRequests: Pick<AccessRequests, "find">;
}

/**
 * The door to what a repo's files hold: everything that gives out content comes through here, git fetches included.
 *
 * @param origin - Of the request, without a trailing slash; the refusal says where to ask for access.
 * @throws {HubError} as `openRepo`; `GatedRepo` 403, 401 for an anonymous caller.
 */
export async function openRepoFiles(
  deps: FileAccessDeps,
  principal: Principal,
  repo: RepoRef | undefined,
  origin: string,
): Promise<StoredRepo> {
  const stored = await openRepo(deps.catalogue, principal, repo, "read");
  const refusal = await fileRefusal(deps, principal, stored, origin);
  if (refusal !== undefined) throw refusal;
  return stored;
}

/** Why this caller may not read the files of a repo, or `undefined`. Reads the request anew: a grant that ended counts no more. */
export async function fileRefusal(
  { accessRequests }: Pick<FileAccessDeps, "accessRequests">,
  principal: Principal,
  stored: StoredRepo,
  origin: string,
): Promise<HubError | undefined> {
  const rule = gateRuleFor(principal, stored);
  const request = rule.kind === "grant-of" ? await accessRequests.find(stored.repoId, rule.user) : undefined;
  const decision = decideFileAccess(principal, stored, request?.status);
  switch (decision.kind) {
    case "allow":
      return undefined;
    case "hidden":
      return repoNotFound(principal);
    case "gated": {
      const message = gateMessage(stored.repo, decision.why, origin);
      // `git` asks for credentials only after a challenge; HEAD has nothing but headers (hub-wire §6.4).
      return decision.why === "anonymous"
        ? new HubError(401, "GatedRepo", message, { headers: LOGIN_CHALLENGE })
        : new HubError(403, "GatedRepo", message);
    }
  }
}

/** The Hub's own words, with our address. A rejection's reason is never part of them. */
function gateMessage(
  repo: RepoRef,
  why: Extract<FileAccessDecision, { readonly kind: "gated" }>["why"],
  origin: string,
): string {
  const named = `${repo.kind} ${repoIdOf(repo)}`;
  const page = `${origin}/${repoPathOf(repo)}/ask-access`;
  switch (why) {
    case "anonymous":
      return `Access to ${named} is restricted. You must have access to it and be authenticated to access it. Please log in.`;
    case "other-repo":
      return `Access to ${named} is restricted, and this token is good for another repo only.`;
    case "not-asked":
      return `Access to ${named} is restricted and you are not in the authorized list. Visit ${page} to ask for access.`;
    case "pending":
      return `Your request to access ${named} is awaiting a review from the repo authors.`;
    case "rejected":
      return `Your request to access ${named} has been rejected by the repo's authors.`;
    case "reset":
      return `Your request to access ${named} has been reset by the repo's authors. Visit ${page} to submit a new request.`;
  }
}
