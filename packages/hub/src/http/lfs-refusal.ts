import { HubError } from "@postern/core/error/hub-error";
import type { FastifyReply, FastifyRequest } from "fastify";

/**
 * Runs a handler and says its refusals as git-lfs reads them: `message` in the body, and `LFS-Authenticate` on a 401, which makes
 * git-lfs ask its credential helper where a plain challenge might be answered by a browser.
 */
export function withLfsRefusals(
  handler: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    try {
      return await handler(request, reply);
    } catch (error) {
      throw error instanceof HubError ? toLfsRefusal(error) : error;
    }
  };
}

function toLfsRefusal(error: HubError): HubError {
  const { headers } = error.wire();
  const challenge = { "lfs-authenticate": 'Basic realm="postern"', "www-authenticate": 'Basic realm="postern"' };
  return new HubError(error.status, error.code, error.message, {
    headers: error.status === 401 ? { ...headers, ...challenge } : headers,
    body: { message: error.message },
    detail: error.detail,
    cause: error.cause,
  });
}
