import { HubError } from "@postern/core/error/hub-error";
import { pluralOf, REPO_KINDS } from "@postern/core/resource/repo-kind";
import type { FastifyInstance } from "fastify";
import { openRequestedRepo, type RepoAccessDeps } from "./opened-repo.ts";

/**
 * Where a request for a Xet token ends. `hf_xet` shows nothing of a refusal but its status and its address, neither header nor body: so the
 * address says what to do (test: `test/clients/python-hf-xet.test.ts`).
 */
const NO_XET = "/api/this-hub-has-no-xet-storage/set-HF_HUB_DISABLE_XET=1-and-try-again";

/** `GET …/auth-check[/write]`, and the xet tokens that we do not have (hub-wire §4, §8). */
export function registerAccessRoutes(app: FastifyInstance, deps: RepoAccessDeps): void {
  for (const kind of REPO_KINDS) {
    const base = `/api/${pluralOf(kind)}/:namespace/:name`;
    app.get(`${base}/auth-check`, async (request, reply) => {
      await openRequestedRepo(deps, kind, request, "files");
      return reply.send({});
    });
    app.get(`${base}/auth-check/write`, async (request, reply) => {
      await openRequestedRepo(deps, kind, request, "write");
      return reply.send({});
    });
    for (const verb of ["xet-write-token", "xet-read-token"] as const) {
      app.get(`${base}/${verb}/*`, async (request, reply) => {
        await openRequestedRepo(deps, kind, request, verb === "xet-write-token" ? "write" : "files");
        return reply.redirect(NO_XET, 307);
      });
    }
  }
  app.get(NO_XET, async () => {
    throw new HubError(
      404,
      "NotFound",
      "This server has no Xet storage. Set HF_HUB_DISABLE_XET=1 and try again: files then travel by LFS.",
    );
  });
}
