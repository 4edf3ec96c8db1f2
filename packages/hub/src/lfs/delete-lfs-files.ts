import { auditActorOf } from "@postern/core/audit/audit-actor";
import type { AuditLog } from "../access/audit-log.ts";
import { auditResourceOf } from "../access/audit-resource.ts";
import type { Caller } from "../access/caller.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import type { LfsFiles } from "./lfs-files.ts";
import type { LfsOid } from "./lfs-oid.ts";

/**
 * Takes LFS objects out of a repo for good; the caller's right to administer it was checked before.
 *
 * Only the repo's link to each object ends, at once: every revision then serves the pointer in its place. History is not rewritten, so
 * that commits keep their ids, and the bytes stay in the store for as long as another repo holds them or the collector waits.
 *
 * @returns how many the repo held.
 */
export async function deleteLfsFiles(
  deps: { readonly lfsFiles: Pick<LfsFiles, "unlink">; readonly audit: AuditLog },
  caller: Caller,
  repo: StoredRepo,
  oids: readonly LfsOid[],
): Promise<number> {
  await deps.audit.record({
    event: "lfs.delete",
    outcome: "allowed",
    actor: auditActorOf(caller.principal),
    resource: auditResourceOf(repo.repo),
    requestId: caller.requestId,
    sourceAddress: caller.sourceAddress,
    detail: { repo_id: repo.repoId, oids },
  });
  return await deps.lfsFiles.unlink(repo.repoId, oids);
}
