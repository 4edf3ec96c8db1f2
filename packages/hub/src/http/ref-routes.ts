import { pluralOf, REPO_KINDS } from "@postern/core/resource/repo-kind";
import type { FastifyInstance } from "fastify";
import { parseBranchRef, parseTagRef } from "../git/ref-name.ts";
import { createBranch, createTag, deleteRef, type RefDependencies, squashBranch } from "../repos/change-refs.ts";
import { openRequestedRepo, type RepoAccessDeps } from "./opened-repo.ts";
import { RequestFields } from "./request-fields.ts";
import { requestedRevision } from "./request-repo.ts";

const HEADS = "refs/heads/";
const TAGS = "refs/tags/";
const PULLS = "refs/pr/";

/** `GET …/refs`, `POST|DELETE …/branch/{branch}`, `POST …/super-squash/{branch}`, `POST|DELETE …/tag/{revision or tag}` (hub-wire §4). */
export function registerRefRoutes(app: FastifyInstance, deps: RepoAccessDeps & RefDependencies): void {
  for (const kind of REPO_KINDS) {
    const base = `/api/${pluralOf(kind)}/:namespace/:name`;

    app.get(`${base}/refs`, async (request, reply) => {
      const { git } = await openRequestedRepo(deps, kind, request, "read");
      const list = async (prefix: string): Promise<readonly Record<string, string>[]> =>
        (await git.listRefs(prefix)).map(({ ref, commit }) => ({
          name: ref.slice(prefix.length),
          ref,
          targetCommit: commit,
        }));
      const refs: Record<string, unknown> = { branches: await list(HEADS), converts: [], tags: await list(TAGS) };
      if (RequestFields.of(request.query).flag("include_prs")) refs.pullRequests = await list(PULLS);
      return reply.send(refs);
    });

    app.post(`${base}/branch/*`, { config: { audit: { event: "branch.create" } } }, async (request, reply) => {
      const { caller, repo, tail } = await openRequestedRepo(deps, kind, request, "write");
      const ref = parseBranchRef(requestedRevision(tail));
      const fields = RequestFields.of(request.body);
      const start = fields.flag("emptyBranch")
        ? ({ kind: "empty" } as const)
        : ({ kind: "revision", revision: fields.optionalText("startingPoint") ?? "HEAD" } as const);
      await createBranch(deps, { repo, caller, ref }, start, fields.flag("overwrite"));
      return reply.send({});
    });

    app.delete(`${base}/branch/*`, { config: { audit: { event: "branch.delete" } } }, async (request, reply) => {
      const { caller, repo, tail } = await openRequestedRepo(deps, kind, request, "write");
      await deleteRef(deps, { repo, caller, ref: parseBranchRef(requestedRevision(tail)) });
      return reply.send({});
    });

    app.post(`${base}/super-squash/*`, { config: { audit: { event: "branch.squash" } } }, async (request, reply) => {
      const { caller, repo, tail } = await openRequestedRepo(deps, kind, request, "write");
      const ref = parseBranchRef(requestedRevision(tail));
      const message = RequestFields.of(request.body).optionalText("message") ?? "Super-squash";
      await squashBranch(deps, { repo, caller, ref }, message);
      return reply.send({});
    });

    app.post(`${base}/tag/*`, { config: { audit: { event: "tag.create" } } }, async (request, reply) => {
      const { caller, repo, tail } = await openRequestedRepo(deps, kind, request, "write");
      const fields = RequestFields.of(request.body);
      const ref = parseTagRef(fields.text("tag"));
      await createTag(deps, { repo, caller, ref }, requestedRevision(tail), fields.optionalText("message") ?? "");
      return reply.send({});
    });

    app.delete(`${base}/tag/*`, { config: { audit: { event: "tag.delete" } } }, async (request, reply) => {
      const { caller, repo, tail } = await openRequestedRepo(deps, kind, request, "write");
      await deleteRef(deps, { repo, caller, ref: parseTagRef(requestedRevision(tail)) });
      return reply.send({});
    });
  }
}
