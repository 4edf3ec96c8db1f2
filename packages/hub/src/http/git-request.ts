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
 * The body of a request to `service`, unpacked where it is gzip, as it comes in.
 *
 * @param maxBytes - Unpacked; a few bytes of gzip can stand for gigabytes.
 * @throws {HubError} 415 for another type or coding; while it is read, 413 `PayloadTooLarge` and 400 for broken gzip.
 */
export function gitBody(request: FastifyRequest, service: GitService, maxBytes: number): AsyncIterable<Buffer> {
  const type = String(request.headers["content-type"] ?? "").split(";", 1)[0];
  if (type !== `application/x-${service}-request` || !(request.body instanceof Readable)) {
    throw new HubError(415, "BadRequest", "The body of this request is not what git sends.");
  }
  const coding = request.headers["content-encoding"] ?? "identity";
  if (coding === "identity") return capped(request.body.iterator({ destroyOnReturn: false }), maxBytes);
  if (coding === "gzip" || coding === "x-gzip") return capped(gunzipped(request.body), maxBytes);
  throw new HubError(415, "BadRequest", "The body of this request has an unknown Content-Encoding.");
}

async function* gunzipped(body: Readable): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  body.once("error", (error) => gunzip.destroy(error));
  body.once("aborted", () => gunzip.destroy(new Error("the client went away")));
  body.pipe(gunzip);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof Error && "code" in error && /^Z_/.test(String(error.code))) {
      throw new HubError(400, "BadRequest", "The body of this request is no proper gzip.", { cause: error });
    }
    throw error;
  } finally {
    body.unpipe(gunzip);
    gunzip.destroy();
  }
}

async function* capped(body: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let left = maxBytes;
  for await (const chunk of body) {
    left -= chunk.length;
    if (left < 0) throw new HubError(413, "PayloadTooLarge", `This request is larger than ${maxBytes} bytes.`);
    yield chunk;
  }
}

/** Aborts when the client goes away before it has its answer. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort(new Error("the client went away"));
  });
  return controller.signal;
}
