import { ACCESS_REQUEST_STATUSES, type AccessRequestStatus } from "@postern/core/access/file-access";
import { HubError } from "@postern/core/error/hub-error";
import { pluralOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { requireGate } from "../gates/request-refusals.ts";
import { grantAccess, reviewRequest } from "../gates/review-request.ts";
import type { AccessRequestRoutesDeps } from "./access-request-deps.ts";
import { accessRequestJson } from "./access-request-json.ts";
import { registerAskAccessRoutes } from "./ask-access-routes.ts";
import { decodeCursor, encodeCursor, nextLink } from "./next-link.ts";
import { openRequestedRepo, originOf } from "./opened-repo.ts";
import { RequestFields } from "./request-fields.ts";

const MAX_REASON = 200;

/** `…/user-access-request/{status}`, `…/handle`, `…/grant`, and what readers use to ask (hub-wire §4.1). */
export function registerAccessRequestRoutes(app: FastifyInstance, deps: AccessRequestRoutesDeps): void {
  for (const kind of REPO_KINDS) {
    const base = `/api/${pluralOf(kind)}/:namespace/:name/user-access-request`;
    for (const status of ACCESS_REQUEST_STATUSES) {
      app.get(`${base}/${status}`, (request, reply) => listRequests(deps, kind, status, request, reply));
    }
    app.post(`${base}/handle`, { config: { audit: { event: "access.handle" } } }, async (request, reply) => {
      const { caller, repo } = await openRequestedRepo(deps, kind, request, "review");
      const fields = RequestFields.of(request.body);
      const status = statusOf(fields.text("status"));
      const rejectionReason = fields.optionalText("rejectionReason");
      if (rejectionReason !== undefined && (status !== "rejected" || [...rejectionReason].length > MAX_REASON)) {
        const message = `A rejectionReason goes with the status "rejected" and has at most ${MAX_REASON} characters.`;
        throw new HubError(400, "BadRequest", message);
      }
      await reviewRequest(deps, caller, repo, { user: fields.text("user"), status, rejectionReason });
      return reply.send({});
    });
    app.post(`${base}/grant`, { config: { audit: { event: "access.grant" } } }, async (request, reply) => {
      const { caller, repo } = await openRequestedRepo(deps, kind, request, "review");
      const granted = await grantAccess(deps, caller, repo, RequestFields.of(request.body).text("user"));
      return reply.send(accessRequestJson(granted));
    });
  }
  registerAskAccessRoutes(app, deps);
}

async function listRequests(
  deps: AccessRequestRoutesDeps,
  kind: RepoKind,
  status: AccessRequestStatus,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { repo } = await openRequestedRepo(deps, kind, request, "review");
  requireGate(repo);
  const query = RequestFields.of(request.query);
  const limit = query.count("limit", { fallback: 100, max: 1000 });
  const cursor = query.optionalText("cursor");
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const page = await deps.accessRequests.list(repo.repoId, { status, after, limit });
  if (page.next !== undefined) {
    const path = `/api/${pluralOf(kind)}/${repoIdOf(repo.repo)}/user-access-request/${status}`;
    const next = { limit: String(limit), cursor: encodeCursor(page.next) };
    reply.header("link", nextLink(originOf(request), path, next));
  }
  return reply.send(page.requests.map(accessRequestJson));
}

function statusOf(text: string): AccessRequestStatus {
  const status = ACCESS_REQUEST_STATUSES.find((known) => known === text);
  if (status !== undefined) return status;
  throw new HubError(400, "BadRequest", `The field "status" must be one of ${ACCESS_REQUEST_STATUSES.join(", ")}.`);
}
