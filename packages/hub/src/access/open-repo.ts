import type { Principal } from "@postern/core/access/principal";
import { decideRepoAccess, type RepoPermission } from "@postern/core/access/repo-access";
import { HubError } from "@postern/core/error/hub-error";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { RepoCatalogue, StoredRepo } from "../repos/repo-catalogue.ts";

/** `git` asks its credential helper only after this header; other clients ignore it (hub-wire §9). */
export const LOGIN_CHALLENGE: Readonly<Record<string, string>> = { "www-authenticate": 'Basic realm="postern"' };

/**
 * The one door to a repo: every route that touches one comes through here.
 *
 * `repo` is `undefined` where the request's name breaks the grammar; that is answered like a repo that does not exist, so that a
 * hidden repo, a missing one and an impossible one cannot be told apart.
 *
 * @throws {HubError} `RepoNotFound` 404 (401 for an anonymous caller), `Forbidden` 403 (401 for an anonymous caller).
 */
export async function openRepo(
  catalogue: Pick<RepoCatalogue, "find">,
  principal: Principal,
  repo: RepoRef | undefined,
  permission: RepoPermission,
): Promise<StoredRepo> {
  const stored = repo === undefined ? undefined : await catalogue.find(repo);
  if (stored === undefined) throw repoNotFound(principal);
  const decision = decideRepoAccess(principal, stored, permission);
  switch (decision.kind) {
    case "allow":
      return stored;
    case "hidden":
      throw repoNotFound(principal);
    case "disabled":
      throw repoDisabled();
    case "forbidden":
      if (decision.anonymous) throw new HubError(401, "Forbidden", decision.reason, { headers: LOGIN_CHALLENGE });
      throw new HubError(403, decision.rule ?? "Forbidden", decision.reason);
  }
}

/** Python knows a disabled repo by exactly these words (hub-wire §1.2). */
export function repoDisabled(): HubError {
  return new HubError(403, "RepoDisabled", "Access to this resource is disabled.");
}

/** The same words whether the repo is missing or hidden. */
export function repoNotFound(principal: Principal): HubError {
  return principal.kind === "anonymous"
    ? new HubError(401, "RepoNotFound", "Repository not found. If it is private, log in first.", {
        headers: LOGIN_CHALLENGE,
      })
    : new HubError(404, "RepoNotFound", "Repository not found, or your token may not see it.");
}
