import type { Principal } from "@postern/core/access/principal";
import { mayCreateRepoIn, type Visibility } from "@postern/core/access/repo-access";
import { HubError } from "@postern/core/error/hub-error";
import { parseRepoRef, type RepoRef } from "@postern/core/resource/repo-ref";
import type { AuditLog } from "../access/audit-log.ts";
import type { Caller } from "../access/caller.ts";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import { LOGIN_CHALLENGE } from "../access/open-repo.ts";
import { lifecycleEvent } from "./lifecycle-event.ts";

/**
 * A name with the namespace as its account spells it, if the caller may put a repo there; a refusal is recorded as `event`.
 *
 * @throws {HubError} 401 or 403 `Forbidden`, 404 `NotFound` for a namespace that does not exist.
 */
export async function allowedName(
  deps: { readonly audit: AuditLog; readonly gatekeeper: Pick<Gatekeeper, "findAccount"> },
  caller: Caller,
  wanted: { readonly repo: RepoRef; readonly visibility: Visibility },
  event: string,
): Promise<RepoRef> {
  const { kind, namespace: wantedNamespace, name } = wanted.repo;
  if (!mayCreateRepoIn(caller.principal, wantedNamespace)) {
    if (caller.principal.kind !== "anonymous") {
      await deps.audit.record({
        ...lifecycleEvent(event, "denied", caller, { ...wanted, repoId: "" }),
        detail: { code: "Forbidden" },
      });
    }
    throw mayNotCreate(caller.principal, wantedNamespace);
  }
  const namespace = await deps.gatekeeper.findAccount(wantedNamespace);
  const repo = namespace === undefined ? undefined : parseRepoRef(kind, namespace, name);
  if (repo === undefined) {
    throw new HubError(404, "NotFound", `There is no user or organisation named ${wantedNamespace}.`);
  }
  return repo;
}

function mayNotCreate(principal: Principal, namespace: string): HubError {
  switch (principal.kind) {
    case "anonymous":
      return new HubError(401, "Forbidden", "You are not logged in.", { headers: LOGIN_CHALLENGE });
    case "repo-workload":
    case "user-workload":
      return new HubError(403, "Forbidden", "A token from a trusted publisher cannot create repos.");
    case "user":
      return new HubError(
        403,
        "Forbidden",
        principal.tokenRole === "write"
          ? `You need the write role in ${namespace} to create a repo there.`
          : "This token is read-only; use one with the write role.",
      );
  }
}
