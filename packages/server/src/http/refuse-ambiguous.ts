import { HubError } from "@postern/core/error/hub-error";
import type { FastifyRequest } from "fastify";

/** A name or an address, and perhaps a port (RFC 9110 §7.2). */
const HOST = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/**
 * Refuses requests that a proxy in front may have understood differently.
 *
 * Node keeps the first of two `Authorization` or `Host` lines, others keep the last. Links in our answers repeat the host, so it must
 * be one.
 *
 * @throws {HubError} 400 `BadRequest`.
 */
export function refuseAmbiguous(request: FastifyRequest): void {
  for (const name of ["authorization", "host"]) {
    if (linesNamed(name, request.raw.rawHeaders) > 1)
      throw new HubError(400, "BadRequest", `The request has several ${name} headers; send one.`);
  }
  // HTTP/1.0 may come without one.
  if (request.host !== "" && !HOST.test(request.host))
    throw new HubError(400, "BadRequest", "The Host header of this request is no host.");
}

function linesNamed(name: string, rawHeaders: readonly string[]): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}
