import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { HubError } from "@postern/core/error/hub-error";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { GitService } from "../git-http/git-transfers.ts";

/** The service that `info/refs` is asked for. @throws {HubError} 403 for the old protocol of plain files, which shows objects unasked. */
export function requestedService(query: unknown): GitService {
  const service = typeof query === "object" && query !== null && "service" in query ? query.service : undefined;
  if (service === "git-upload-pack" || service === "git-receive-pack") return service;
  throw new HubError(403, "Forbidden", "This hub speaks git's smart HTTP protocol only; use git 1.6.6 or newer.");
}

/** The header `Git-Protocol`, which becomes a variable of git's process; anything but what git sends counts as none. */
export function requestedProtocol({ headers }: FastifyRequest): string | undefined {
  const header = headers["git-protocol"];
  if (typeof header !== "string" || header.length > 200) return undefined;
  return /^version=[0-2](?::[A-Za-z0-9._-]+(?:=[A-Za-z0-9._/-]*)?)*$/.test(header) ? header : undefined;
}

/**
 * The body of a request to `service`, unpacked where it is gzip, as it comes in. Nothing is capped here: a few bytes of gzip can stand
 * for gigabytes.
 *
 * @throws {HubError} 415 for another type or coding.
 */
export function gitBody(request: FastifyRequest, service: GitService): Readable {
  const { body } = request;
  const type = String(request.headers["content-type"] ?? "").split(";", 1)[0];
  if (type !== `application/x-${service}-request` || !(body instanceof Readable)) {
    throw new HubError(415, "BadRequest", "The body of this request is not what git sends.");
  }
  const coding = request.headers["content-encoding"] ?? "identity";
  if (coding === "identity") return body;
  if (coding !== "gzip" && coding !== "x-gzip") {
    throw new HubError(415, "BadRequest", "The body of this request has an unknown Content-Encoding.");
  }
  const gunzip = createGunzip();
  body.once("error", (error) => gunzip.destroy(error));
  return body.pipe(gunzip);
}

/** All of a body. @throws {HubError} 413 `PayloadTooLarge` for more than `maxBytes`, 400 for none. */
export async function wholeBody(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let left = maxBytes;
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    left -= chunk.length;
    if (left < 0) throw new HubError(413, "PayloadTooLarge", `This request is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  if (chunks.length === 0) throw new HubError(400, "BadRequest", "The request has no body.");
  return Buffer.concat(chunks);
}

/** Turns the failure of unpacking a body into the refusal that it is; anything else comes back as it is. */
export function bodyRefusal(error: unknown): unknown {
  if (error instanceof Error && "code" in error && /^Z_/.test(String(error.code))) {
    return new HubError(400, "BadRequest", "The body of this request is no proper gzip.", { cause: error });
  }
  return error;
}

/** Aborts when the client goes away before it has its answer. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort(new Error("the client went away"));
  });
  return controller.signal;
}
