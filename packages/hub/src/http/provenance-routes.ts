import { Readable } from "node:stream";
import { HubError } from "@postern/core/error/hub-error";
import { pluralOf, REPO_KINDS } from "@postern/core/resource/repo-kind";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { auditResourceOf } from "../access/audit-resource.ts";
import { openRepo } from "../access/open-repo.ts";
import { bundleLines } from "../provenance/provenance-bundle.ts";
import type { ProvenanceSigner } from "../provenance/provenance-signer.ts";
import type { ProvenanceStore } from "../provenance/provenance-store.ts";
import { summaryOf } from "../provenance/statement-summary.ts";
import { callerOf, type OpenedRepo, type RepoAccessDeps } from "./opened-repo.ts";
import { rawSegmentsOf, requestedCommit, requestedRepo } from "./request-repo.ts";

/** What the routes need beside access to repos. */
export interface ProvenanceReaders {
  readonly statements: Pick<ProvenanceStore, "find">;
  readonly signer: Pick<ProvenanceSigner, "published">;
}

/** `GET /api/postern/v1/{kind}s/{ns}/{name}/provenance/{revision}`, and `…/provenance-bundle/{revision}` for checking it elsewhere. */
export function registerProvenanceRoutes(app: FastifyInstance, deps: RepoAccessDeps & ProvenanceReaders): void {
  for (const kind of REPO_KINDS) {
    const base = `/api/postern/v1/${pluralOf(kind)}/:namespace/:name`;

    const open = async (request: FastifyRequest): Promise<Omit<OpenedRepo, "caller">> => {
      const { principal } = await callerOf(deps.gatekeeper, request);
      const segments = rawSegmentsOf(request.raw.url ?? "");
      const repo = await openRepo(deps.catalogue, principal, requestedRepo(kind, segments, 4), "read");
      return { repo, git: deps.git.open(repo), tail: segments.slice(7) };
    };

    app.get(`${base}/provenance/*`, async (request, reply) => {
      const { repo, git, tail } = await open(request);
      const { commit } = await requestedCommit(git, tail);
      const envelope = (await deps.statements.find(repo.repoId, [commit])).get(commit);
      const provenance = envelope === undefined ? undefined : summaryOf(envelope);
      if (envelope === undefined || provenance === undefined)
        throw new HubError(404, "NoStatement", `No statement says who made the commit ${commit}.`);
      return reply.send({ commit, provenance, envelope: JSON.parse(envelope) });
    });

    app.get(`${base}/provenance-bundle/*`, async (request, reply) => {
      const { repo, git, tail } = await open(request);
      const { commit } = await requestedCommit(git, tail);
      const envelope = (await deps.statements.find(repo.repoId, [commit])).get(commit);
      const head = { repo: auditResourceOf(repo.repo), commit, envelope, keys: deps.signer.published };
      return reply.type("application/x-ndjson").send(Readable.from(bundleLines(git, head)));
    });
  }
}
