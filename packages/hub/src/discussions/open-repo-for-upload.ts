import { refuseParticipation } from "@postern/core/access/discussion-access";
import { decideRepoAccess } from "@postern/core/access/repo-access";
import { HubError } from "@postern/core/error/hub-error";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { Clock } from "@postern/core/time/clock";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type { AuditLog } from "../access/audit-log.ts";
import type { Caller } from "../access/caller.ts";
import { openRepo, repoNotFound } from "../access/open-repo.ts";
import { type FileAccessDeps, fileRefusal } from "../access/open-repo-files.ts";
import { openRepoForChange } from "../access/open-repo-for-change.ts";
import type { BatchRequest } from "../lfs/batch.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import { parseLfsOid } from "../lfs/lfs-oid.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { pullNumberOf } from "./discussion.ts";
import type { PullUploads } from "./pull-uploads.ts";

export interface UploadDoorDeps extends FileAccessDeps {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly links: LfsObjects;
  readonly pullUploads: PullUploads;
}

/** Bytes that a person who may not write is let upload for pull requests in seven days, over all repos. */
const BUDGET_BYTES = 10 * 1024 ** 3;
const BUDGET_SECONDS = 7 * 86_400;

/**
 * The door for LFS uploads: writers of the repo; and, within a budget, people who may read its files, for a pull request. A batch says
 * nothing of pull requests: clients leave the ref out when they open one, and name `refs/pr/{num}` when they add to one.
 *
 * Why so: the commit that opens the request comes after its large files, so that the right to upload cannot wait for it. The budget is
 * per person and not per repo, so that a thousand repos are no thousand budgets.
 *
 * @throws {HubError} as `openRepoForChange` and `openRepoFiles`; 403 `Forbidden` when the budget is spent.
 */
export async function openRepoForUpload(
  deps: UploadDoorDeps,
  caller: Caller,
  wanted: RepoRef | undefined,
  batch: BatchRequest,
  origin: string,
): Promise<StoredRepo> {
  const { principal } = caller;
  const repo = await openRepo(deps.catalogue, principal, wanted, "read");
  const forPull = batch.ref === undefined || pullNumberOf(batch.ref) !== undefined;
  const writes = decideRepoAccess(principal, repo, "write").kind === "allow";
  const takesPart = principal.kind === "user" && refuseParticipation(principal, repo) === undefined;
  if (writes || !forPull || !takesPart) return await openRepoForChange(deps, caller, wanted, "write");
  const refusal = await fileRefusal(deps, principal, repo, origin);
  if (refusal !== undefined) throw refusal;
  const now = deps.clock.now();
  const limit = { since: epochSeconds(now - BUDGET_SECONDS), now, budget: BUDGET_BYTES };
  const outcome = await deps.pullUploads.reserve(repo.repoId, principal.name, await absent(deps, repo, batch), limit);
  if (outcome === "missing") throw repoNotFound(principal);
  if (outcome === "full") {
    throw new HubError(
      403,
      "Forbidden",
      "You have uploaded 10 GiB for pull requests in seven days; that is all for now.",
    );
  }
  return repo;
}

/** What the repo does not hold yet. Impossible names and sizes are refused one by one later, and count nothing here. */
async function absent(
  { links }: Pick<UploadDoorDeps, "links">,
  { repoId }: StoredRepo,
  { objects }: BatchRequest,
): Promise<BatchRequest["objects"]> {
  const found: { readonly oid: string; readonly size: number }[] = [];
  for (const { oid, size } of objects) {
    const possible = parseLfsOid(oid) !== undefined && Number.isSafeInteger(size) && size >= 0;
    if (possible && (await links.isLinked(repoId, oid)) === undefined) found.push({ oid, size });
  }
  return found;
}
