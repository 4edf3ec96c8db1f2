import { HubError } from "@postern/core/error/hub-error";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { acceptUpload, completeUpload, isHeld, settleUpload, type UploadRequest } from "../lfs/accept-upload.ts";
import { checkTicket } from "../lfs/check-ticket.ts";
import { partSizeOf } from "../lfs/lfs-store.ts";
import { objectContent } from "../resolve/file-content.ts";
import { parseRequestedObject } from "./lfs-batch-request.ts";
import { parseCompletionRequest } from "./lfs-completion-request.ts";
import { acceptJson } from "./lfs-json-body.ts";
import { withLfsRefusals } from "./lfs-refusal.ts";
import type { LfsRoutesDeps } from "./lfs-routes-deps.ts";
import { uploadBody } from "./lfs-upload-body.ts";
import { answerWithContent } from "./resolve-answer.ts";

const OBJECT = "/api/lfs/objects/:oid";

/**
 * The signed URLs of a batch (hub-wire §7.3). The ticket in the query is all the authority there is: an `Authorization` header, which
 * some clients send along, is not looked at.
 */
export function registerLfsTransferRoutes(app: FastifyInstance, deps: LfsRoutesDeps): void {
  app.register(async (scope) => {
    acceptBytes(scope);
    scope.put(
      OBJECT,
      { config: { audit: { event: "lfs.upload" } }, bodyLimit: Number.MAX_SAFE_INTEGER },
      withLfsRefusals((request, reply) => receiveObject(request, reply, deps)),
    );
    scope.put(
      `${OBJECT}/parts/:part`,
      {
        config: { audit: { none: "a part is nothing until its upload is completed, which is recorded" } },
        bodyLimit: Number.MAX_SAFE_INTEGER,
      },
      withLfsRefusals((request, reply) => receivePart(request, reply, deps)),
    );
    scope.route({
      method: ["GET", "HEAD"],
      url: OBJECT,
      handler: withLfsRefusals((request, reply) => sendObject(request, reply, deps)),
    });
  });
  app.register(async (scope) => {
    acceptJson(scope);
    scope.post(
      `${OBJECT}/complete`,
      { config: { audit: { event: "lfs.upload" } } },
      withLfsRefusals((request, reply) => completeObject(request, reply, deps)),
    );
    scope.post(
      `${OBJECT}/verify`,
      {
        config: {
          audit: {
            none: "it looks whether an object is stored; one that came to a bucket past us is recorded as lfs.upload",
          },
        },
      },
      withLfsRefusals((request, reply) => verifyObject(request, reply, deps)),
    );
  });
}

/** Bodies stay streams, whatever type they claim: nothing of a 5 GB file may be gathered before its first byte is judged. */
function acceptBytes(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_, payload, done) => done(null, payload));
}

async function receiveObject(request: FastifyRequest, reply: FastifyReply, deps: LfsRoutesDeps): Promise<FastifyReply> {
  const ticket = await checkTicket(ticketOf(request), "upload", oidOf(request), uploadRequestOf(request), deps);
  await acceptUpload(ticket, bytesOf(request, reply, ticket.size, deps), uploadRequestOf(request), deps);
  return reply.send();
}

async function receivePart(request: FastifyRequest, reply: FastifyReply, deps: LfsRoutesDeps): Promise<FastifyReply> {
  const ticket = await checkTicket(ticketOf(request), "part", oidOf(request), uploadRequestOf(request), deps);
  const source = bytesOf(request, reply, partSizeOf(ticket, ticket.partNumber), deps);
  const tag = await deps.store.receivePart(ticket, ticket.partNumber, source);
  return reply.header("etag", `"${tag}"`).send();
}

async function completeObject(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: LfsRoutesDeps,
): Promise<FastifyReply> {
  const ticket = await checkTicket(ticketOf(request), "complete", oidOf(request), uploadRequestOf(request), deps);
  const parts = parseCompletionRequest(request.body, ticket.oid);
  await completeUpload(ticket, parts, uploadRequestOf(request), deps);
  return reply.send({ oid: ticket.oid, size: ticket.size });
}

async function verifyObject(request: FastifyRequest, reply: FastifyReply, deps: LfsRoutesDeps): Promise<FastifyReply> {
  const ticket = await checkTicket(ticketOf(request), "verify", oidOf(request), uploadRequestOf(request), deps);
  const { oid, size } = parseRequestedObject(request.body);
  const isSame = oid === ticket.oid && size === ticket.size;
  // What went past us is read back and hashed now: only then it is an object.
  const isHeldNow = async (): Promise<boolean> =>
    (await isHeld(ticket, deps)) || (await settleUpload(ticket, uploadRequestOf(request), deps)) !== undefined;
  if (!isSame || !(await isHeldNow())) {
    throw new HubError(404, "ObjectMissing", "This repo holds no object with this hash and size.");
  }
  return reply.send({ oid, size });
}

async function sendObject(request: FastifyRequest, reply: FastifyReply, deps: LfsRoutesDeps): Promise<FastifyReply> {
  const ticket = await checkTicket(ticketOf(request), "download", oidOf(request), uploadRequestOf(request), deps);
  if (!(await isHeld(ticket, deps))) throw new HubError(404, "ObjectMissing", "This repo holds no such object.");
  reply.headers({
    "content-type": "application/octet-stream",
    "content-disposition": "attachment",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
  });
  return answerWithContent(request, reply, objectContent(ticket, deps.store));
}

/**
 * The request's body as it arrives, `size` bytes if all is well; a wrong `Content-Length` is refused before a byte is read.
 *
 * @throws {HubError} 400 `BadRequest` for another announced length, 415 for a content coding.
 */
function bytesOf(
  request: FastifyRequest,
  reply: FastifyReply,
  size: number,
  { settings }: Pick<LfsRoutesDeps, "settings">,
): AsyncIterable<Uint8Array> {
  const announced = request.headers["content-length"];
  if (announced !== undefined && Number(announced) !== size) {
    throw new HubError(400, "BadRequest", `This URL takes ${size} bytes, and ${announced} were announced.`);
  }
  const coding = request.headers["content-encoding"];
  if (coding !== undefined && coding !== "identity") {
    throw new HubError(415, "BadRequest", "Large files are sent as they are, without a Content-Encoding.");
  }
  return uploadBody(request.raw, reply.raw, size, settings.idleSeconds * 1000);
}

function ticketOf(request: FastifyRequest): unknown {
  const { query } = request;
  return typeof query === "object" && query !== null && "ticket" in query ? query.ticket : undefined;
}

function oidOf(request: FastifyRequest): string {
  const { params } = request;
  const oid = typeof params === "object" && params !== null && "oid" in params ? params.oid : undefined;
  return typeof oid === "string" ? oid : "";
}

function uploadRequestOf(request: FastifyRequest): UploadRequest {
  return { requestId: request.id, sourceAddress: request.ip };
}
