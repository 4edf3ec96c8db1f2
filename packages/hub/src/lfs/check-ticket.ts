import { HubError } from "@postern/core/error/hub-error";
import type { Clock } from "@postern/core/time/clock";
import type { AuditLog } from "../access/audit-log.ts";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import { repoDisabled } from "../access/open-repo.ts";
import type { AccessRequests } from "../gates/access-requests.ts";
import type { RepoCatalogue } from "../repos/repo-catalogue.ts";
import { openTicket, type TransferOperation, type TransferTicket } from "./transfer-ticket.ts";

export interface CheckTicketDeps {
  readonly gatekeeper: Pick<Gatekeeper, "isTokenLive" | "worksFrom">;
  readonly catalogue: Pick<RepoCatalogue, "findById">;
  readonly audit: AuditLog;
  readonly accessRequests: Pick<AccessRequests, "find">;
  readonly clock: Clock;
  /** Signs transfer URLs; at least 32 random bytes. */
  readonly ticketKey: Uint8Array;
}

/** The request that shows a signed URL. */
export interface TicketUse {
  readonly requestId: string;
  readonly sourceAddress: string | undefined;
}

type TicketFor<Operation extends TransferOperation> = Extract<TransferTicket, { readonly operation: Operation }>;

/**
 * Whether a signed URL is good now, for this operation on this object. Asked once, when the transfer begins: one that began in
 * time is not cut off for taking long.
 *
 * @throws {HubError} 403 `Forbidden` when it is not ours, was changed, is for something else, expired, or its token was revoked;
 *   403 `WrongAddress` when its token is pinned to another address: the URL has the token's rights, and its limits too;
 *   404 `RepoNotFound` when the repo is gone.
 */
export async function checkTicket<Operation extends TransferOperation>(
  sealed: unknown,
  operation: Operation,
  oid: string,
  from: TicketUse,
  deps: CheckTicketDeps,
): Promise<TicketFor<Operation>> {
  const ticket = typeof sealed === "string" ? openTicket(sealed, deps.ticketKey) : undefined;
  // Part and completion URLs differ from the rest by path, too; only what is signed counts.
  if (ticket === undefined || !isFor(ticket, operation) || ticket.oid !== oid) {
    throw new HubError(403, "Forbidden", "This transfer URL is not valid. Start the transfer again.");
  }
  if (deps.clock.now() >= ticket.expiresAt) {
    throw new HubError(403, "Forbidden", "This transfer URL has expired. Start the transfer again.");
  }
  const { tokenId } = ticket.actor;
  if (tokenId !== undefined && !(await deps.gatekeeper.isTokenLive(tokenId))) {
    throw new HubError(403, "Forbidden", "The token that asked for this transfer was revoked or has expired.");
  }
  if (tokenId !== undefined && !(await deps.gatekeeper.worksFrom(tokenId, from.sourceAddress))) {
    await recordWrongAddress(ticket, from, deps.audit);
    throw new HubError(403, "WrongAddress", "The token that asked for this transfer works only from another address.");
  }
  const repo = await deps.catalogue.findById(ticket.repoId);
  if (repo === undefined) {
    throw new HubError(404, "RepoNotFound", "The repo of this transfer does not exist any more.");
  }
  if (repo.disabled === true) throw repoDisabled();
  // The attack: URLs collected while a repo was public, used after its owner closed it.
  if (ticket.wasPublic && repo.visibility !== "public") {
    throw new HubError(403, "Forbidden", "The repo of this transfer has become private. Start the transfer again.");
  }
  // Likewise URLs from before a gate, and URLs of somebody whose grant was taken back since.
  if (repo.gated !== undefined && !(await passesGate(ticket, deps))) {
    throw new HubError(
      403,
      "Forbidden",
      "The repo of this transfer is gated and you may not read it. Start the transfer again.",
    );
  }
  return ticket;
}

/** What it looks like when signed URLs are stolen, so it is in the log like the use of a stolen token. */
function recordWrongAddress(ticket: TransferTicket, from: TicketUse, audit: AuditLog): Promise<void> {
  return audit.record({
    event: "token.use",
    outcome: "denied",
    actor: ticket.actor,
    resource: ticket.resource,
    ...from,
    detail: { code: "WrongAddress", transfer: ticket.operation, oid: ticket.oid },
  });
}

async function passesGate(
  { wasGated, grantee, repoId }: TransferTicket,
  { accessRequests }: Pick<CheckTicketDeps, "accessRequests">,
): Promise<boolean> {
  if (!wasGated) return false;
  return grantee === undefined || (await accessRequests.find(repoId, grantee))?.status === "accepted";
}

function isFor<Operation extends TransferOperation>(
  ticket: TransferTicket,
  operation: Operation,
): ticket is TicketFor<Operation> {
  return ticket.operation === operation;
}
