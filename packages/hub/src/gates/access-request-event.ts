import { auditActorOf } from "@postern/core/audit/audit-actor";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { auditResourceOf } from "../access/audit-resource.ts";
import type { Caller } from "../access/caller.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";

/** The audit entry of a change to somebody's access. Answers of the form, mail addresses and reasons stay out of it. */
export function accessRequestEvent(
  event: "access.request" | "access.cancel" | "access.handle" | "access.grant",
  caller: Caller,
  repo: StoredRepo,
  detail: { readonly user: string; readonly status: string; readonly before: string | undefined },
): AuditEvent {
  return {
    event,
    outcome: "allowed",
    actor: auditActorOf(caller.principal),
    resource: auditResourceOf(repo.repo),
    requestId: caller.requestId,
    sourceAddress: caller.sourceAddress,
    detail: { repo_id: repo.repoId, user: detail.user, status: detail.status, before: detail.before ?? null },
  };
}
