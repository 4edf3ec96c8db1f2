import { pluralOf, REPO_KINDS } from "@postern/core/resource/repo-kind";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import type { FastifyInstance } from "fastify";
import type { Commit } from "../git/git-repository.ts";
import { summaryOf } from "../provenance/statement-summary.ts";
import { nextLink } from "./next-link.ts";
import { openRequestedRepo, originOf, type RepoAccessDeps } from "./opened-repo.ts";
import type { ProvenanceReaders } from "./provenance-routes.ts";
import { RequestFields } from "./request-fields.ts";
import { requestedCommit } from "./request-repo.ts";

/** `GET …/commits/{rev}`, newest first, pages counted by `p` from 0 (hub-wire §4). */
export function registerHistoryRoutes(
  app: FastifyInstance,
  deps: RepoAccessDeps & Pick<ProvenanceReaders, "statements">,
): void {
  for (const kind of REPO_KINDS) {
    app.get(`/api/${pluralOf(kind)}/:namespace/:name/commits/*`, async (request, reply) => {
      const { repo, git, tail } = await openRequestedRepo(deps, kind, request, "read");
      const { commit } = await requestedCommit(git, tail);
      const query = RequestFields.of(request.query);
      const limit = query.count("limit", { fallback: 50, max: 1000 });
      const page = query.count("p", { fallback: 0, max: 1_000_000, min: 0 });
      const total = await git.countCommits(commit);
      const commits = await git.log(commit, { skip: page * limit, limit });
      reply.headers({ "x-total-count": String(total), "x-repo-commit": commit });
      if ((page + 1) * limit < total) {
        const path = `/api/${pluralOf(kind)}/${repoIdOf(repo.repo)}/commits/${commit}`;
        const link = nextLink(originOf(request), path, { limit: String(limit), p: String(page + 1) });
        reply.header("link", link);
      }
      const ids = commits.map(({ id }) => id);
      const statements = await deps.statements.find(repo.repoId, ids);
      return reply.send(commits.map((one) => commitJson(one, statements.get(one.id))));
    });
  }
}

function commitJson(
  { id, title, body, authorName, committedAt }: Commit,
  envelope: string | undefined,
): Record<string, unknown> {
  return {
    id,
    title,
    message: body,
    date: new Date(committedAt * 1000).toISOString(),
    authors: [{ user: authorName, avatar: "" }],
    // Plain text is its own safe HTML only after escaping; clients that ask for `formatted` show it in pages.
    provenance: envelope === undefined ? null : (summaryOf(envelope) ?? null),
    formatted: { title: escapeHtml(title), message: escapeHtml(body) },
  };
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
