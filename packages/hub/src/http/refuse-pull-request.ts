import { HubError } from "@postern/core/error/hub-error";
import type { FastifyRequest } from "fastify";
import { RequestFields } from "./request-fields.ts";

/** Whoever asks for a pull request must not find the change on the branch itself. @throws {HubError} 400. */
export function refusePullRequest(request: FastifyRequest): void {
  if (!RequestFields.of(request.query).flag("create_pr")) return;
  throw new HubError(400, "BadRequest", "Pull requests are not offered yet. Commit to a branch instead.");
}
