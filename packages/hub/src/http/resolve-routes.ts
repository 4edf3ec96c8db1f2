import { HubError } from "@postern/core/error/hub-error";
import { pathPrefixOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import type { Clock } from "@postern/core/time/clock";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import { openRepo } from "../access/open-repo.ts";
import { type FileAccessDeps, fileRefusal } from "../access/open-repo-files.ts";
import type { GitRepositories, TreeEntry } from "../git/git-repository.ts";
import { lifetimeOf } from "../lfs/answer-batch.ts";
import type { DirectTransfers } from "../lfs/direct-transfers.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import type { LfsStore } from "../lfs/lfs-store.ts";
import type { TransferSettings } from "../lfs/transfer-settings.ts";
import type { RepoCatalogue } from "../repos/repo-catalogue.ts";
import { entityTagOf } from "../resolve/entity-tag.ts";
import { blobContent, fileContent } from "../resolve/file-content.ts";
import { contentDisposition, safeContentType } from "../resolve/safe-content-type.ts";
import { originOf } from "./opened-repo.ts";
import { rawSegmentsOf, requestedPath, requestedRepo } from "./request-repo.ts";
import { answerWithContent } from "./resolve-answer.ts";

export interface ResolveRoutesDeps extends FileAccessDeps {
  readonly gatekeeper: Pick<Gatekeeper, "identify">;
  readonly catalogue: Pick<RepoCatalogue, "find">;
  readonly git: GitRepositories;
  readonly store: Pick<LfsStore, "open" | "sizeOf">;
  readonly links: LfsObjects;
  /** Where readers can get large files from the store itself. */
  readonly direct?:
    | {
        readonly transfers: Pick<DirectTransfers, "downloadUrl">;
        readonly settings: TransferSettings;
        readonly clock: Clock;
      }
    | undefined;
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

/** What a gate leaves open, as on the Hub: readers must be able to see what they would agree to. */
const OPEN_FILES: ReadonlySet<string> = new Set(["README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"]);

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
  const refusal = await fileRefusal(deps, principal, repo, originOf(request));
  // Before the revision is looked up: whoever may not read learns nothing from what exists.
  if (refusal !== undefined && !(view === "resolve" && OPEN_FILES.has(segments.at(-1) ?? ""))) throw refusal;
  const { commit, path } = await requestedPath(git, segments.slice(at + 3));
  if (refusal !== undefined && !OPEN_FILES.has(path)) throw refusal;
  // On refusals, too: Python remembers an absence only for a commit it knows.
  reply.header("x-repo-commit", commit);
  const entry = path === "" ? undefined : await git.entryAt(commit, path);
  if (entry?.type !== "file") throw entryNotFound(commit, entry);

  const content =
    view === "raw"
      ? blobContent(git, entry)
      : await fileContent(git, entry, { ...deps, direct: deps.direct?.transfers });
  if (content.isLfs) reply.headers({ "x-linked-etag": `"${content.digest}"`, "x-linked-size": content.size });
  const type = safeContentType(path);
  const attach = isDownload(request.query) || type === "application/octet-stream";
  const disposition = contentDisposition(path, attach ? "attachment" : "inline");
  if (deps.direct !== undefined && content.elsewhere !== undefined && wantsBytes(request)) {
    const { settings, clock } = deps.direct;
    const seconds = lifetimeOf(principal, clock, settings);
    const url = await content.elsewhere({ contentType: type, contentDisposition: disposition }, seconds);
    // The address is the authority, for as long as it lives: it must not stay in a cache.
    return reply
      .code(302)
      .headers({
        location: url,
        etag: entityTagOf(content.digest),
        "cache-control": "private, no-store",
        vary: "Authorization",
      })
      .send();
  }
  reply.headers({
    "content-type": type,
    "content-disposition": disposition,
    // These bytes are somebody's upload on our origin: no script, no plug-in, no guessing of types.
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
  });
  return answerWithContent(request, reply, content);
}

/**
 * Whether this is a download and not a question about one. A HEAD is answered here, because the store's URL is signed for GET; so is the
 * first byte alone, with which `@huggingface/hub` asks for length and entity tag: the store's own tag is not the SHA-256.
 */
function wantsBytes(request: FastifyRequest): boolean {
  if (request.method !== "GET" || request.headers["if-none-match"] !== undefined) return false;
  return request.headers.range?.trim() !== "bytes=0-0";
}

function entryNotFound(commit: string, entry: TreeEntry | undefined): HubError {
  const message = entry === undefined ? "There is no such file in this revision." : "This path is not a file.";
  return new HubError(404, "EntryNotFound", message, { headers: { "x-repo-commit": commit } });
}

function isDownload(query: unknown): boolean {
  return typeof query === "object" && query !== null && "download" in query && query.download === "true";
}
