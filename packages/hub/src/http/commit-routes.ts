import { Readable } from "node:stream";
import { HubError } from "@postern/core/error/hub-error";
import { pluralOf, REPO_KINDS } from "@postern/core/resource/repo-kind";
import { repoPathOf } from "@postern/core/resource/repo-ref";
import type { FastifyInstance } from "fastify";
import { type CommitDependencies, commitToBranch } from "../commits/commit-to-branch.ts";
import type { DiscussionDeps } from "../discussions/discussion-deps.ts";
import { openPullRequest } from "../discussions/open-pull-request.ts";
import { parseBranchRef } from "../git/ref-name.ts";
import { revisionNotFound } from "../git/revision-not-found.ts";
import { originOf, type RepoAccessDeps } from "./opened-repo.ts";
import { openWritableRevision } from "./writable-revision.ts";

/** `POST …/commit/{rev}`: newline-delimited JSON, read as it comes in (hub-wire §7.4). */
export function registerCommitRoutes(
  app: FastifyInstance,
  deps: CommitDependencies & DiscussionDeps & RepoAccessDeps,
): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // Whatever the type says (some clients send application/json), the body stays a stream.
    scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    for (const kind of REPO_KINDS) {
      scope.post(
        `/api/${pluralOf(kind)}/:namespace/:name/commit/*`,
        { config: { audit: { event: "repo.commit" } } },
        async (request, reply) => {
          const opened = await openWritableRevision(deps, kind, request);
          const { caller, repo, git } = opened;
          const url = `${originOf(request)}/${repoPathOf(repo.repo)}`;
          if (!(request.body instanceof Readable)) throw new HubError(400, "BadRequest", "The commit has no body.");
          // A refusal in the middle must reach the client, so the socket outlives the reading.
          const body = request.body.iterator({ destroyOnReturn: false });
          const answer = (commit: string): Record<string, unknown> => {
            return { success: true, commitUrl: `${url}/commit/${commit}`, commitOid: commit, hookOutput: "" };
          };
          const revision = opened.revision.replace(/^refs\/heads\//, "");
          if (opened.kind === "new-pull") {
            const target = parseBranchRef(revision);
            const pull = await openPullRequest(deps, caller, repo, { target, body }).finally(() =>
              request.raw.resume(),
            );
            const pullRequestUrl = `${url}/discussions/${pull.discussion.num}`;
            return reply.send({ ...answer(pull.commit), pullRequestUrl });
          }
          if (opened.kind === "pull") {
            const change = { ...caller, repo, ref: revision, body };
            return reply.send(answer(await commitToBranch(deps, change).finally(() => request.raw.resume())));
          }
          const commitId = /^(?:[0-9a-f]{40}|HEAD|refs\/.*)$/.test(revision);
          if (commitId && (await git.resolveRevision(revision)) === undefined) throw revisionNotFound(revision);
          if (commitId) throw new HubError(400, "BadRequest", "A commit goes to a branch; this revision is none.");
          const change = { ...caller, repo, ref: parseBranchRef(revision), body };
          return reply.send(answer(await commitToBranch(deps, change).finally(() => request.raw.resume())));
        },
      );
    }
  });
}
