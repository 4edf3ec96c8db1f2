import type { FastifyRequest } from "fastify";
import type { Caller } from "../accounts/caller.ts";
import type { Identifier } from "../accounts/identify.ts";

/** Who sent a request. @throws {HubError} 401 `InvalidCredentials`. */
export async function callerOf(request: FastifyRequest, identifier: Identifier): Promise<Caller> {
  return {
    principal: await identifier.identify(request.headers.authorization),
    requestId: request.id,
    sourceAddress: request.ip,
  };
}
