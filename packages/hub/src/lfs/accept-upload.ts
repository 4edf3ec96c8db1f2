import { HubError } from "@postern/core/error/hub-error";
import type { AuditLog } from "../access/audit-log.ts";
import type { DirectTransfers } from "./direct-transfers.ts";
import type { LfsLinks } from "./lfs-links.ts";
import type { LfsStore, ReceivedPart } from "./lfs-store.ts";
import type { TicketSubject, TransferTicket } from "./transfer-ticket.ts";

export interface AcceptUploadDeps {
  readonly store: LfsStore;
  readonly links: LfsLinks;
  readonly audit: AuditLog;
}

/** The request that the bytes came with, for the audit log. */
export interface UploadRequest {
  readonly requestId: string;
  readonly sourceAddress: string | undefined;
}

/**
 * Stores an object that arrives in one piece and gives it to the ticket's repo. Safe to repeat.
 *
 * @throws {HubError} 400, 507 as `LfsStore.receive`; 404 `RepoNotFound` when the repo went away; what the audit log throws.
 */
export async function acceptUpload(
  ticket: TicketSubject,
  source: AsyncIterable<Uint8Array>,
  request: UploadRequest,
  deps: AcceptUploadDeps,
): Promise<void> {
  await deps.store.receive(ticket.oid, ticket.size, source);
  await linkObject(ticket, request, deps);
}

/**
 * Joins an upload in parts and gives the object to the ticket's repo. Safe to repeat, also while the first call is at work:
 * clients ask again when they lost the answer.
 *
 * @throws {HubError} 400, 507 as `LfsStore.assemble`; 404 `RepoNotFound`; what the audit log throws.
 */
export async function completeUpload(
  ticket: Extract<TransferTicket, { readonly operation: "complete" }>,
  parts: readonly ReceivedPart[],
  request: UploadRequest,
  deps: AcceptUploadDeps,
): Promise<void> {
  if (await isHeld(ticket, deps)) return;
  try {
    await deps.store.assemble(ticket, parts);
  } catch (error) {
    // Another call for the same upload may have finished in between and cleared the parts away.
    if (await isHeld(ticket, deps)) return;
    throw error;
  }
  await linkObject(ticket, request, deps);
}

/**
 * Takes in what the client sent to the store itself, if anything; the ticket's repo holds it afterwards. Safe to repeat.
 *
 * @returns the object's size in bytes; `undefined` when nothing came.
 * @throws {HubError} 400 when other bytes came; 404 `RepoNotFound`; 503 when the store does not answer; what the audit log throws.
 */
export async function settleUpload(
  ticket: Omit<UploadSubject, "size"> & { readonly size?: number },
  request: UploadRequest,
  deps: Pick<AcceptUploadDeps, "links" | "audit"> & { readonly direct?: DirectTransfers | undefined },
): Promise<number | undefined> {
  const size = await deps.direct?.settle(ticket);
  if (size !== undefined) await linkObject({ ...ticket, size }, request, deps);
  return size;
}

/** Whose object it is and who sent it. */
type UploadSubject = Pick<TicketSubject, "repoId" | "oid" | "size" | "resource" | "actor">;

/** Whether the ticket's repo holds the object, bytes and all. */
export async function isHeld(
  ticket: TicketSubject,
  deps: { readonly store: Pick<LfsStore, "sizeOf">; readonly links: Pick<LfsLinks, "isLinked"> },
): Promise<boolean> {
  const linkedSize = await deps.links.isLinked(ticket.repoId, ticket.oid);
  return linkedSize === ticket.size && (await deps.store.sizeOf(ticket.oid)) === ticket.size;
}

async function linkObject(
  ticket: UploadSubject,
  request: UploadRequest,
  deps: Pick<AcceptUploadDeps, "links" | "audit">,
): Promise<void> {
  // Before the link and not after it: an upload that cannot be written down must not count.
  await deps.audit.record({
    event: "lfs.upload",
    outcome: "allowed",
    actor: ticket.actor,
    resource: ticket.resource,
    requestId: request.requestId,
    sourceAddress: request.sourceAddress,
    detail: { oid: ticket.oid, size: ticket.size },
  });
  const linked = await deps.links.add(ticket);
  if (linked === "repo-missing") {
    throw new HubError(404, "RepoNotFound", "The repo of this transfer does not exist any more.");
  }
}
