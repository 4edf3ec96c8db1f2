import type { Principal } from "../access/principal.ts";
import type { AuditActor } from "./audit-event.ts";

/** How a principal is written down in the audit log. */
export function auditActorOf(principal: Principal): AuditActor {
  switch (principal.kind) {
    case "anonymous":
      return { kind: "anonymous", name: "anonymous", tokenId: undefined };
    case "user":
      return { kind: "user", name: principal.name, tokenId: principal.tokenId };
    case "repo-workload":
    case "user-workload":
      return {
        kind: "workload",
        name: `${principal.origin.issuer} ${principal.origin.subject}`,
        tokenId: principal.tokenId,
      };
  }
}
