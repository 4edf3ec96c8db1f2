import type { RepoPermission } from "@postern/core/access/repo-access";
import { auditActorOf } from "@postern/core/audit/audit-actor";
import { HubError } from "@postern/core/error/hub-error";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { RepoCatalogue, StoredRepo } from "../repos/repo-catalogue.ts";
import type { AuditLog } from "./audit-log.ts";
import { auditResourceOf } from "./audit-resource.ts";
import type { Caller } from "./caller.ts";
import { openRepo } from "./open-repo.ts";

/**
 * `openRepo` for whoever wants to change something: a refusal to somebody with a name is written down as `repo.access`.
 *
 * Anonymous tries are not: anybody could fill the log with them.
 */
export async function openRepoForChange(
  deps: { readonly catalogue: Pick<RepoCatalogue, "find">; readonly audit: AuditLog },
  caller: Caller,
  repo: RepoRef | undefined,
  permission: Exclude<RepoPermission, "read">,
): Promise<StoredRepo> {
  try {
    return await openRepo(deps.catalogue, caller.principal, repo, permission);
  } catch (error) {
    const refused = error instanceof HubError && error.status === 403;
    if (refused && repo !== undefined && caller.principal.kind !== "anonymous") {
      await deps.audit.record({
        event: "repo.access",
        outcome: "denied",
        actor: auditActorOf(caller.principal),
        resource: auditResourceOf(repo),
        requestId: caller.requestId,
        sourceAddress: caller.sourceAddress,
        detail: { permission, code: error.code },
      });
    }
    throw error;
  }
}
