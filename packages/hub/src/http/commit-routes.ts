import { Readable } from "node:stream";
import { HubError } from "@postern/core/error/hub-error";
import { pluralOf, REPO_KINDS } from "@postern/core/resource/repo-kind";
import { repoPathOf } from "@postern/core/resource/repo-ref";
import type { FastifyInstance } from "fastify";
import { type CommitDependencies, commitToBranch } from "../commits/commit-to-branch.ts";
import { parseBranchRef } from "../git/ref-name.ts";
import { revisionNotFound } from "../git/revision-not-found.ts";
import { openRequestedRepo, originOf, type RepoAccessDeps } from "./opened-repo.ts";
import { refusePullRequest } from "./refuse-pull-request.ts";
import { requestedRevision } from "./request-repo.ts";

/** `POST …/commit/{rev}`: newline-delimited JSON, read as it comes in (hub-wire §7.4). */
export function registerCommitRoutes(app: FastifyInstance, deps: CommitDependencies & RepoAccessDeps): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // Whatever the type says (some clients send application/json), the body stays a stream.
    scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    for (const kind of REPO_KINDS) {
      scope.post(
        `/api/${pluralOf(kind)}/:namespace/:name/commit/*`,
        { config: { audit: { event: "repo.commit" } } },
        async (request, reply) => {
          const { caller, repo, git, tail } = await openRequestedRepo(deps, kind, request, "write");
          refusePullRequest(request);
          const revision = requestedRevision(tail).replace(/^refs\/heads\//, "");
          const commitId = /^(?:[0-9a-f]{40}|HEAD|refs\/.*)$/.test(revision);
          if (commitId && (await git.resolveRevision(revision)) === undefined) throw revisionNotFound(revision);
          if (commitId) throw new HubError(400, "BadRequest", "A commit goes to a branch; this revision is none.");
          if (!(request.body instanceof Readable)) throw new HubError(400, "BadRequest", "The commit has no body.");
          const commit = await commitToBranch(deps, {
            ...caller,
            repo,
            ref: parseBranchRef(revision),
            // A refusal in the middle must reach the client, so the socket outlives the reading.
            body: request.body.iterator({ destroyOnReturn: false }),
          }).finally(() => request.raw.resume());
          const url = `${originOf(request)}/${repoPathOf(repo.repo)}`;
          return reply.send({ success: true, commitUrl: `${url}/commit/${commit}`, commitOid: commit, hookOutput: "" });
        },
      );
    }
  });
}
