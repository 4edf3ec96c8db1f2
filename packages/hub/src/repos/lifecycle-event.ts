import type { GuardedRepo } from "@postern/core/access/repo-access";
import { auditActorOf } from "@postern/core/audit/audit-actor";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { auditResourceOf } from "../access/audit-resource.ts";
import type { Caller } from "../access/caller.ts";

/** The audit entry of a change to a repo as a whole. */
export function lifecycleEvent(
  event: string,
  outcome: "allowed" | "denied",
  caller: Caller,
  { repo, repoId, visibility }: GuardedRepo,
): AuditEvent {
  return {
    event,
    outcome,
    actor: auditActorOf(caller.principal),
    resource: auditResourceOf(repo),
    requestId: caller.requestId,
    sourceAddress: caller.sourceAddress,
    detail: { repo_id: repoId, visibility },
  };
}
