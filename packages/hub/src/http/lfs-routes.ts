import type { RouteAudit } from "@postern/core/audit/route-audit";
import { HubError } from "@postern/core/error/hub-error";
import { pathPrefixOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { openRepo } from "../access/open-repo.ts";
import { openRepoFiles } from "../access/open-repo-files.ts";
import { openRepoForUpload } from "../discussions/open-repo-for-upload.ts";
import { answerBatch } from "../lfs/answer-batch.ts";
import { parseBatchRequest } from "./lfs-batch-request.ts";
import { acceptJson } from "./lfs-json-body.ts";
import { withLfsRefusals } from "./lfs-refusal.ts";
import type { LfsRoutesDeps } from "./lfs-routes-deps.ts";
import { registerLfsTransferRoutes } from "./lfs-transfer-routes.ts";
import { rawSegmentsOf, requestedRepo } from "./request-repo.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a changing route writes into the audit log. */
    audit?: RouteAudit;
  }
}

/** The media type of the batch API; git-lfs insists on it in answers. */
export const LFS_MEDIA_TYPE = "application/vnd.git-lfs+json";

/**
 * The LFS API (hub-wire §7.2, §7.3, §9): batch, locks and the transfers that a batch hands out.
 *
 * In a scope of its own, because its bodies are parsed like no other route's.
 */
export function registerLfsRoutes(app: FastifyInstance, deps: LfsRoutesDeps): void {
  app.register(async (scope) => {
    acceptJson(scope);
    for (const kind of REPO_KINDS) {
      const lfs = `/${pathPrefixOf(kind)}:namespace/:name/info/lfs`;
      scope.post(
        `${lfs}/objects/batch`,
        {
          config: {
            audit: {
              none: "it hands out URLs; what they do is recorded when they are used, and a refusal as repo.access",
            },
          },
        },
        withLfsRefusals((request, reply) => answerBatchRequest(request, reply, kind, deps)),
      );
      const noLocks = { config: { audit: { none: "there are no locks to take or give back" } } };
      scope.get(
        `${lfs}/locks`,
        noLocks,
        withLfsRefusals((request) => refuseLocks(request, kind, "read", deps)),
      );
      // An empty list would make git-lfs advise at every push to switch on what we do not have.
      for (const path of ["locks", "locks/verify", "locks/:id/unlock"])
        scope.post(
          `${lfs}/${path}`,
          noLocks,
          withLfsRefusals((request) => refuseLocks(request, kind, "write", deps)),
        );
    }
  });
  registerLfsTransferRoutes(app, deps);
}

async function answerBatchRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  kind: RepoKind,
  deps: LfsRoutesDeps,
): Promise<FastifyReply> {
  const principal = await deps.gatekeeper.identify(request.headers.authorization);
  // Refused before the body is looked at: a stranger learns nothing from how it is judged.
  const ref = namedRepo(request, kind);
  await openRepo(deps.catalogue, principal, ref, "read");
  const origin = `${request.protocol}://${request.host}`;
  const batch = parseBatchRequest(request.body);
  const caller = { principal, requestId: request.id, sourceAddress: request.ip };
  const repo =
    batch.operation === "upload"
      ? await openRepoForUpload(deps, caller, ref, batch, origin)
      : await openRepoFiles(deps, principal, ref, origin);
  return reply.type(LFS_MEDIA_TYPE).send(JSON.stringify(await answerBatch(batch, { principal, repo, origin }, deps)));
}

/** 501, which git-lfs takes for "no locking here" and shows with our words; without a route it would blame the address. */
async function refuseLocks(
  request: FastifyRequest,
  kind: RepoKind,
  permission: "read" | "write",
  deps: LfsRoutesDeps,
): Promise<never> {
  const principal = await deps.gatekeeper.identify(request.headers.authorization);
  await openRepo(deps.catalogue, principal, namedRepo(request, kind), permission);
  throw new HubError(501, "NotSupported", "This hub has no file locks. Nothing has to be unlocked before a push.");
}

function namedRepo(request: FastifyRequest, kind: RepoKind): ReturnType<typeof requestedRepo> {
  return requestedRepo(kind, rawSegmentsOf(request.raw.url ?? ""), kind === "model" ? 0 : 1);
}
