import { auditActorOf } from "@postern/core/audit/audit-actor";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { auditResourceOf } from "../access/audit-resource.ts";
import type { Caller } from "../access/caller.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";

/** The audit entry of a change to a discussion. What people write stays out of it. */
export function discussionEvent(
  event: `discussion.${"create" | "comment" | "edit" | "hide" | "title" | "status" | "merge"}`,
  caller: Caller,
  repo: StoredRepo,
  detail: AuditEvent["detail"],
  outcome: AuditEvent["outcome"] = "allowed",
): AuditEvent {
  return {
    event,
    outcome,
    actor: auditActorOf(caller.principal),
    resource: auditResourceOf(repo.repo),
    requestId: caller.requestId,
    sourceAddress: caller.sourceAddress,
    detail: { repo_id: repo.repoId, ...detail },
  };
}
