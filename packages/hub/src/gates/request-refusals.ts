import { HubError } from "@postern/core/error/hub-error";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import type { StoredRepo } from "../repos/repo-catalogue.ts";

/** The Hub's words, also where a request is in the wanted state already. */
export function requestNotFound(): HubError {
  return new HubError(404, "NotFound", "No access request found matching your criteria");
}

/** Two people decided at once; the first one counts. */
export function changedMeanwhile(): HubError {
  return new HubError(409, "Conflict", "Somebody else changed this access request just now. Look again.");
}

/** @throws {HubError} 400 `RepoNotGated`. */
export function requireGate({ repo, gated }: StoredRepo): void {
  if (gated === undefined) throw new HubError(400, "RepoNotGated", `${repo.kind} ${repoIdOf(repo)} is not gated`);
}
