import { HubError } from "@postern/core/error/hub-error";
import { pathPrefixOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import { openRepo } from "../access/open-repo.ts";
import type { GitRepositories, TreeEntry } from "../git/git-repository.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import type { LfsStore } from "../lfs/lfs-store.ts";
import type { RepoCatalogue } from "../repos/repo-catalogue.ts";
import { blobContent, fileContent } from "../resolve/file-content.ts";
import { contentDisposition, safeContentType } from "../resolve/safe-content-type.ts";
import { rawSegmentsOf, requestedPath, requestedRepo } from "./request-repo.ts";
import { answerWithContent } from "./resolve-answer.ts";

export interface ResolveRoutesDeps {
  readonly gatekeeper: Pick<Gatekeeper, "identify">;
  readonly catalogue: Pick<RepoCatalogue, "find">;
  readonly git: GitRepositories;
  readonly store: Pick<LfsStore, "open">;
  readonly links: LfsObjects;
}

/**
 * `GET|HEAD /[datasets/|spaces/|kernels/]{ns}/{name}/{resolve|raw}/{rev}/{path}` (hub-wire §6.4). `raw` gives what git holds.
 */
export function registerResolveRoutes(app: FastifyInstance, deps: ResolveRoutesDeps): void {
  for (const kind of REPO_KINDS) {
    for (const view of ["resolve", "raw"] as const) {
      app.route({
        method: ["GET", "HEAD"],
        url: `/${pathPrefixOf(kind)}:namespace/:name/${view}/*`,
        handler: (request, reply) => answerFile(request, reply, kind, view, deps),
      });
    }
  }
}

async function answerFile(
  request: FastifyRequest,
  reply: FastifyReply,
  kind: RepoKind,
  view: "resolve" | "raw",
  deps: ResolveRoutesDeps,
): Promise<FastifyReply> {
  const segments = rawSegmentsOf(request.raw.url ?? "");
  const at = kind === "model" ? 0 : 1;
  const principal = await deps.gatekeeper.identify(request.headers.authorization);
  const repo = await openRepo(deps.catalogue, principal, requestedRepo(kind, segments, at), "read");
  const git = deps.git.open(repo);
  const { commit, path } = await requestedPath(git, segments.slice(at + 3));
  // On refusals, too: Python remembers an absence only for a commit it knows.
  reply.header("x-repo-commit", commit);
  const entry = path === "" ? undefined : await git.entryAt(commit, path);
  if (entry?.type !== "file") throw entryNotFound(commit, entry);

  const content = view === "raw" ? blobContent(git, entry) : await fileContent(git, entry, deps);
  if (content.isLfs) reply.headers({ "x-linked-etag": `"${content.digest}"`, "x-linked-size": content.size });
  const type = safeContentType(path);
  const attach = isDownload(request.query) || type === "application/octet-stream";
  reply.headers({
    "content-type": type,
    "content-disposition": contentDisposition(path, attach ? "attachment" : "inline"),
    // These bytes are somebody's upload on our origin: no script, no plug-in, no guessing of types.
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
  });
  return answerWithContent(request, reply, content);
}

function entryNotFound(commit: string, entry: TreeEntry | undefined): HubError {
  const message = entry === undefined ? "There is no such file in this revision." : "This path is not a file.";
  return new HubError(404, "EntryNotFound", message, { headers: { "x-repo-commit": commit } });
}

function isDownload(query: unknown): boolean {
  return typeof query === "object" && query !== null && "download" in query && query.download === "true";
}
