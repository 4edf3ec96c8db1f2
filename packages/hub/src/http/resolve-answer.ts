import { HubError } from "@postern/core/error/hub-error";
import type { FastifyReply, FastifyRequest } from "fastify";
import { parseRange } from "../resolve/byte-range.ts";
import { entityTagOf, ifRangeAllows, noneMatchNames } from "../resolve/entity-tag.ts";
import type { FileContent } from "../resolve/file-content.ts";

/**
 * Answers GET or HEAD with a file's bytes: whole, one range, 304 or 416 (RFC 9110 §13, §14).
 *
 * Length, digest and entity tag agree before the first byte leaves, also for HEAD: the content is opened first.
 */
export async function answerWithContent(
  request: FastifyRequest,
  reply: FastifyReply,
  content: FileContent,
): Promise<FastifyReply> {
  const { size } = content;
  const tag = entityTagOf(content.digest);
  reply.headers({
    etag: tag,
    "accept-ranges": "bytes",
    // Never through a shared cache, which would ask nobody; and nobody on the way may compress what clients measure.
    "cache-control": "private, no-cache, no-transform",
    vary: "Authorization",
  });
  if (noneMatchNames(request.headers["if-none-match"], tag)) return reply.code(304).send();

  const ifRange = request.headers["if-range"];
  const range = ifRangeAllows(ifRange === undefined ? undefined : String(ifRange), tag)
    ? parseRange(request.headers.range, size)
    : ({ kind: "whole" } as const);
  if (range.kind === "unsatisfiable") {
    throw new HubError(416, "RangeNotSatisfiable", `The file has ${size} bytes.`, {
      headers: { "content-range": `bytes */${size}` },
    });
  }
  const opened = await content.open();
  try {
    const [start, end] = range.kind === "part" ? [range.start, range.end] : [0, size - 1];
    reply.header("content-length", end - start + 1);
    if (range.kind === "part") reply.code(206).header("content-range", `bytes ${start}-${end}/${size}`);
    if (range.kind === "empty") reply.header("content-range", "bytes */0");
    if (request.method === "HEAD" || size === 0) {
      await opened.close();
      return reply.send(request.method === "HEAD" ? undefined : "");
    }
    return reply.send(await opened.stream(start, end));
  } catch (error) {
    await opened.close();
    throw error;
  }
}
