import type { Principal, UserPrincipal } from "@postern/core/access/principal";
import { auditActorOf } from "@postern/core/audit/audit-actor";
import type { AuditEvent, AuditValue } from "@postern/core/audit/audit-event";
import { ApiError } from "@postern/core/error/api-error";

/** Who calls the management API, and how the call is written down. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  readonly sourceAddress: string | undefined;
}

/**
 * Lets people through and nobody else: a minted token must never widen what minted tokens may do.
 *
 * @throws {ApiError} `unauthenticated`, or `forbidden` for a token that was made by an exchange.
 */
export function requirePerson({ principal }: Caller): UserPrincipal {
  switch (principal.kind) {
    case "user":
      return principal;
    case "anonymous":
      throw new ApiError("unauthenticated", "You are not logged in.", {
        remedy: "Send a personal access token: Authorization: Bearer hf_...",
      });
    case "repo-workload":
    case "user-workload":
      throw new ApiError("forbidden", "A token from a trusted publisher cannot manage anything.", {
        remedy: "Use a personal access token.",
      });
  }
}

/** @throws {ApiError} as `requirePerson`, and `forbidden` for a read-only token. */
export function requireChangingPerson(caller: Caller): UserPrincipal {
  const person = requirePerson(caller);
  if (person.tokenRole === "write") return person;
  throw new ApiError("forbidden", "This token is read-only.", { remedy: "Use a token with the write role." });
}

/** @throws {ApiError} as `requireChangingPerson`, and `forbidden` for anybody who is no administrator. */
export function requireAdministrator(caller: Caller): UserPrincipal {
  return requireAdministratorRole(requireChangingPerson(caller));
}

/** For calls that change nothing: a read-only token will do. @throws {ApiError} `unauthenticated`, `forbidden`. */
export function requireReadingAdministrator(caller: Caller): UserPrincipal {
  return requireAdministratorRole(requirePerson(caller));
}

function requireAdministratorRole(person: UserPrincipal): UserPrincipal {
  if (person.isAdmin) return person;
  throw new ApiError("forbidden", "Only an administrator may do this.", { remedy: "Ask an administrator." });
}

/** The audit entry of a change that is about to be made. */
export function changeEvent(
  { principal, requestId, sourceAddress }: Caller,
  event: string,
  resource: string,
  detail: Readonly<Record<string, AuditValue>>,
): AuditEvent {
  return {
    event,
    outcome: "allowed",
    actor: auditActorOf(principal),
    resource,
    requestId,
    sourceAddress,
    detail,
  };
}
