import { gateRuleFor } from "@postern/core/access/file-access";
import type { Principal } from "@postern/core/access/principal";
import { auditActorOf } from "@postern/core/audit/audit-actor";
import { HubError } from "@postern/core/error/hub-error";
import type { Clock } from "@postern/core/time/clock";
import { addSeconds } from "@postern/core/time/epoch-seconds";
import { auditResourceOf } from "../access/audit-resource.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import type {
  BatchRequest,
  BatchResponse,
  ObjectActions,
  ObjectAnswer,
  TransferAction,
  TransferName,
} from "./batch.ts";
import type { DirectTransfers, DownloadAnswer } from "./direct-transfers.ts";
import type { LfsLinks } from "./lfs-links.ts";
import { type LfsOid, parseLfsOid } from "./lfs-oid.ts";
import { type LfsStore, partCountOf } from "./lfs-store.ts";
import { chunkSizeFor, type TransferSettings } from "./transfer-settings.ts";
import { sealTicket, type TicketSubject, type TransferTicket } from "./transfer-ticket.ts";

export interface AnswerBatchDeps {
  readonly store: Pick<LfsStore, "sizeOf">;
  readonly links: Pick<LfsLinks, "isLinked" | "claim">;
  /** Where clients can talk to the store itself. */
  readonly direct?: DirectTransfers | undefined;
  readonly clock: Clock;
  /** Signs transfer URLs; at least 32 random bytes. */
  readonly ticketKey: Uint8Array;
  /** 32 random hex digits. */
  readonly newUploadId: () => string;
  readonly settings: TransferSettings;
}

/** Whose batch it is; the permission that the operation needs has been checked. */
export interface BatchContext {
  readonly principal: Principal;
  readonly repo: StoredRepo;
  /** Of the request, without a trailing slash: the client reached us there. */
  readonly origin: string;
}

/**
 * Says for each object what the client has to do.
 *
 * @throws {HubError} 422 `BadRequest` when the client offers no transfer that we speak.
 */
export async function answerBatch(
  request: BatchRequest,
  context: BatchContext,
  deps: AnswerBatchDeps,
): Promise<BatchResponse> {
  const transfer = chooseTransfer(request, deps.settings);
  const objects: ObjectAnswer[] = [];
  for (const { oid, size } of request.objects) {
    const verdict = await judgeObject(oid, size, request.operation, context.repo, deps);
    const answer = request.operation === "upload" ? answerUpload : answerDownload;
    objects.push({ oid, size, ...(await answer(verdict, transfer, context, deps)) });
  }
  return { transfer, hash_algo: "sha256", objects };
}

/**
 * One transfer for the whole answer, and only one that was offered: git-lfs sends the whole object to the completion URL when it
 * is answered with parts unasked (hub-wire §0, fact 4), and its agent for parts knows nothing else once chosen.
 */
function chooseTransfer(request: BatchRequest, settings: TransferSettings): TransferName {
  const basic = request.transfers.includes("basic");
  const multipart = request.transfers.includes("multipart") && request.operation === "upload";
  const large = request.objects.some(({ size }) => size > settings.multipartAbove);
  if (multipart && (large || !basic)) return "multipart";
  if (basic) return "basic";
  throw new HubError(422, "BadRequest", 'This hub transfers large files by "basic" and "multipart" only.');
}

type Verdict =
  | { readonly kind: "held"; readonly oid: LfsOid; readonly size: number }
  | { readonly kind: "absent"; readonly oid: LfsOid; readonly size: number }
  | { readonly kind: "invalid"; readonly reason: string };

async function judgeObject(
  oidText: string,
  size: number,
  operation: BatchRequest["operation"],
  repo: StoredRepo,
  deps: AnswerBatchDeps,
): Promise<Verdict> {
  const oid = parseLfsOid(oidText);
  if (oid === undefined) return { kind: "invalid", reason: "The oid is not a SHA-256 in lower-case hexadecimal." };
  if (!Number.isSafeInteger(size) || size < 0) return { kind: "invalid", reason: "The size is not a number of bytes." };
  if (size > deps.settings.maxObjectSize) {
    return { kind: "invalid", reason: `This hub takes files up to ${deps.settings.maxObjectSize} bytes.` };
  }
  // A client that is told to send nothing is about to commit: the object must still be there then.
  const ask = operation === "upload" ? "claim" : "isLinked";
  const linkedSize = await deps.links[ask](repo.repoId, oid);
  if (linkedSize === undefined) return { kind: "absent", oid, size };
  if (linkedSize !== size) return { kind: "invalid", reason: `This object has ${linkedSize} bytes, not ${size}.` };
  // Looked at on the disk as well: a lost file is asked for again instead of being called stored.
  return { kind: (await deps.store.sizeOf(oid)) === size ? "held" : "absent", oid, size };
}

type Outcome = Pick<ObjectAnswer, "authenticated"> &
  ({ readonly actions?: ObjectActions } | { readonly error: { readonly code: number; readonly message: string } });

async function answerUpload(
  verdict: Verdict,
  transfer: TransferName,
  context: BatchContext,
  deps: AnswerBatchDeps,
): Promise<Outcome> {
  if (verdict.kind === "invalid") return { error: { code: 422, message: verdict.reason } };
  if (verdict.kind === "held") return {};
  const issue = issuerOf(verdict, context, deps);
  const verify = issue("/verify", (subject) => ({ ...subject, operation: "verify" }));
  const direct = await directUpload(verdict, transfer, context, deps);
  if (direct !== undefined) return { authenticated: true, actions: { upload: direct(issue), verify } };
  if (transfer === "basic") {
    const upload = issue("", (subject) => ({ ...subject, operation: "upload" }));
    return { authenticated: true, actions: { upload, verify } };
  }
  const uploadId = deps.newUploadId();
  const chunkSize = chunkSizeFor(verdict.size, deps.settings);
  const header: Record<string, string> = { chunk_size: String(chunkSize) };
  for (let partNumber = 1; partNumber <= partCountOf({ size: verdict.size, chunkSize }); partNumber++) {
    const part = issue(`/parts/${partNumber}`, (subject) => ({
      ...subject,
      operation: "part",
      uploadId,
      chunkSize,
      partNumber,
    }));
    header[String(partNumber).padStart(5, "0")] = part.href;
  }
  const complete = issue("/complete", (subject) => ({ ...subject, operation: "complete", uploadId, chunkSize }));
  return { authenticated: true, actions: { upload: { ...complete, header }, verify } };
}

/** The same answer with URLs of the store itself; `undefined` where it cannot take this object so. */
async function directUpload(
  { oid, size }: { readonly oid: LfsOid; readonly size: number },
  transfer: TransferName,
  context: BatchContext,
  { direct, settings, clock }: AnswerBatchDeps,
): Promise<((issue: IssueAction) => TransferAction) | undefined> {
  if (direct === undefined) return undefined;
  const upload = { repoId: context.repo.repoId, oid, size };
  const seconds = lifetimeOf(context.principal, clock, settings);
  if (transfer === "basic") {
    const href = await direct.uploadUrl(upload, seconds);
    return href === undefined ? undefined : () => ({ href, expires_in: seconds });
  }
  const chunkSize = chunkSizeFor(size, settings);
  if (!direct.takesPartsOf(chunkSize)) return undefined;
  const { uploadId, urls } = await direct.beginParts(upload, chunkSize, seconds);
  return (issue) => ({
    ...issue("/complete", (subject) => ({ ...subject, operation: "complete", uploadId, chunkSize })),
    header: {
      chunk_size: String(chunkSize),
      ...Object.fromEntries(urls.map((url, index) => [String(index + 1).padStart(5, "0"), url])),
    },
  });
}

async function answerDownload(
  verdict: Verdict,
  _: TransferName,
  context: BatchContext,
  deps: AnswerBatchDeps,
): Promise<Outcome> {
  switch (verdict.kind) {
    case "invalid":
      return { error: { code: 422, message: verdict.reason } };
    case "absent":
      return { error: { code: 404, message: "This repo holds no such object." } };
    case "held": {
      if (deps.direct !== undefined) {
        const seconds = lifetimeOf(context.principal, deps.clock, deps.settings);
        const href = await deps.direct.downloadUrl(verdict.oid, PLAIN_BYTES, seconds);
        return { authenticated: true, actions: { download: { href, expires_in: seconds } } };
      }
      const issue = issuerOf(verdict, context, deps);
      return {
        authenticated: true,
        actions: { download: issue("", (subject) => ({ ...subject, operation: "download" })) },
      };
    }
  }
}

const PLAIN_BYTES: DownloadAnswer = { contentType: "application/octet-stream", contentDisposition: "attachment" };

/** Seconds that a URL is good for: never longer than the token that asked for it. */
export function lifetimeOf(principal: Principal, clock: Clock, settings: TransferSettings): number {
  const limit = settings.urlLifetimeSeconds;
  return "expiresAt" in principal ? Math.max(1, Math.min(limit, principal.expiresAt - clock.now())) : limit;
}

type IssueAction = (path: string, ticketFor: (subject: TicketSubject) => TransferTicket) => TransferAction;

function issuerOf(object: { oid: LfsOid; size: number }, context: BatchContext, deps: AnswerBatchDeps): IssueAction {
  const { principal, repo, origin } = context;
  const rule = gateRuleFor(principal, repo);
  const seconds = lifetimeOf(principal, deps.clock, deps.settings);
  const expiresAt = addSeconds(deps.clock.now(), seconds);
  const subject: TicketSubject = {
    repoId: repo.repoId,
    wasPublic: repo.visibility === "public",
    wasGated: repo.gated !== undefined,
    grantee: rule.kind === "grant-of" ? rule.user : undefined,
    resource: auditResourceOf(repo.repo),
    oid: object.oid,
    size: object.size,
    expiresAt,
    actor: auditActorOf(principal),
  };
  return (path, ticketFor) => ({
    href: `${origin}/api/lfs/objects/${object.oid}${path}?ticket=${sealTicket(ticketFor(subject), deps.ticketKey)}`,
    expires_in: seconds,
  });
}
