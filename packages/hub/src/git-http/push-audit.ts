import type { AuditActor, AuditEvent, AuditValue } from "@postern/core/audit/audit-event";
import { auditResourceOf } from "../access/audit-resource.ts";
import type { PushCommand } from "./push-commands.ts";
import type { PushRequest } from "./push-request.ts";

/** Refs in one entry; a push of more leaves several entries. */
const REFS_PER_ENTRY = 100;
const NOTHING = "-";

/**
 * The audit entries of a push: every ref with its old and new value, `-` where there is none. For a job also where its token came from,
 * because the commits of a push keep the authors that the pusher gave them.
 *
 * @param code - Why it was refused, or why refs that were to move did not.
 */
export function pushEvents(
  { repo, caller }: Pick<PushRequest, "repo" | "caller">,
  actor: AuditActor,
  commands: readonly PushCommand[],
  outcome: AuditEvent["outcome"],
  code?: string,
): readonly AuditEvent[] {
  const events: AuditEvent[] = [];
  for (let at = 0; at < commands.length; at += REFS_PER_ENTRY) {
    const refs = commands
      .slice(at, at + REFS_PER_ENTRY)
      .map(({ ref, old, new: to }) => `${ref} ${old ?? NOTHING} ${to ?? NOTHING}`);
    events.push({
      event: "repo.push",
      outcome,
      actor,
      resource: auditResourceOf(repo.repo),
      requestId: caller.requestId,
      sourceAddress: caller.sourceAddress,
      detail: { refs, repo_id: repo.repoId, ...originOf(caller), ...(code === undefined ? {} : { code }) },
    });
  }
  return events;
}

function originOf({ principal }: PushRequest["caller"]): Readonly<Record<string, AuditValue>> {
  if (principal.kind !== "repo-workload") return {};
  const { provider, publisherId, runUrl } = principal.origin;
  return { provider, publisher_id: publisherId, run_url: runUrl ?? null };
}
