import { administers, type GateMode, type Visibility } from "@postern/core/access/repo-access";
import { HubError } from "@postern/core/error/hub-error";
import type { Caller } from "../access/caller.ts";
import { repoNotFound } from "../access/open-repo.ts";
import type { RepoLifecycleDependencies } from "./create-repo.ts";
import { lifecycleEvent } from "./lifecycle-event.ts";
import type { StoredRepo } from "./repo-catalogue.ts";

/**
 * Deletes a repo; the caller's right was checked before.
 *
 * It is gone when the catalogue's row is; what follows only frees space, and a crash leaves that to `settleRepos`.
 */
export async function deleteRepo(deps: RepoLifecycleDependencies, caller: Caller, repo: StoredRepo): Promise<void> {
  await deps.storage.beginRemoval(repo.repoId);
  await deps.audit.record(lifecycleEvent("repo.delete", "allowed", caller, repo));
  if ((await deps.catalogue.delete(repo.repoId)) === "missing") throw repoNotFound(caller.principal);
  await deps.storage.remove(repo.repoId);
  await deps.storage.finish(repo.repoId);
}

/** Lets only trusted publishers write, or everybody with the right again; the caller's right was checked before. */
export async function changeTrustedPublishingOnly(
  deps: RepoLifecycleDependencies,
  caller: Caller,
  repo: StoredRepo,
  on: boolean,
): Promise<void> {
  const event = lifecycleEvent("repo.settings", "allowed", caller, repo);
  await deps.audit.record({ ...event, detail: { ...event.detail, trusted_publishing_only: on } });
  const outcome = await deps.catalogue.setTrustedPublishingOnly(repo.repoId, on, deps.clock.now());
  if (outcome === "missing") throw repoNotFound(caller.principal);
}

/** Takes a repo off, or puts it back: an administrator's alone. @throws {HubError} 403 `Forbidden`. */
export async function changeDisabled(
  deps: RepoLifecycleDependencies,
  caller: Caller,
  repo: StoredRepo,
  disabled: boolean,
): Promise<void> {
  if (!administers(caller.principal)) {
    throw new HubError(403, "Forbidden", "Only an administrator of this hub takes a repo off.");
  }
  const event = lifecycleEvent("repo.settings", "allowed", caller, repo);
  await deps.audit.record({ ...event, detail: { ...event.detail, disabled } });
  const outcome = await deps.catalogue.setDisabled(repo.repoId, disabled, deps.clock.now());
  if (outcome === "missing") throw repoNotFound(caller.principal);
}

/** Puts a gate in front of the files, changes it or takes it away; the caller's right was checked before. */
export async function changeGate(
  deps: RepoLifecycleDependencies,
  caller: Caller,
  repo: StoredRepo,
  gated: GateMode | undefined,
): Promise<void> {
  const event = lifecycleEvent("repo.settings", "allowed", caller, repo);
  await deps.audit.record({ ...event, detail: { ...event.detail, gated: gated ?? "false" } });
  const outcome = await deps.catalogue.setGate(repo.repoId, gated, deps.clock.now());
  if (outcome === "missing") throw repoNotFound(caller.principal);
}

/** Makes a repo public or private; the caller's right was checked before. */
export async function changeVisibility(
  deps: RepoLifecycleDependencies,
  caller: Caller,
  repo: StoredRepo,
  visibility: Visibility,
): Promise<void> {
  await deps.audit.record(lifecycleEvent("repo.settings", "allowed", caller, { ...repo, visibility }));
  const outcome = await deps.catalogue.setVisibility(repo.repoId, visibility, deps.clock.now());
  if (outcome === "missing") throw repoNotFound(caller.principal);
}
