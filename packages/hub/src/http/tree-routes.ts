import { HubError } from "@postern/core/error/hub-error";
import { pluralOf, REPO_KINDS } from "@postern/core/resource/repo-kind";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import type { FastifyInstance } from "fastify";
import { parseEntryPath } from "../git/entry-path.ts";
import type { Commit, GitRepository, TreeEntry } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import { acceptForms } from "./accept-forms.ts";
import { describeEntry, treeJson } from "./describe-entry.ts";
import { decodeCursor, encodeCursor, encodePath, nextLink } from "./next-link.ts";
import { openRequestedRepo, originOf, type RepoAccessDeps } from "./opened-repo.ts";
import { RequestFields } from "./request-fields.ts";
import { requestedCommit, requestedPath } from "./request-repo.ts";

const PAGE = { fallback: 1000, max: 1000 } as const;
/** The last commits of a page cost a walk through the history. */
const EXPANDED_PAGE = { fallback: 50, max: 100 } as const;
const MAX_PATHS = 10_000;
const PATHS_BODY_BYTES = 8 * 1024 * 1024;

export interface TreeRoutesDeps extends RepoAccessDeps {
  readonly lfs: LfsObjects;
}

/** `GET …/tree/{rev}[/{path}]` and `POST …/paths-info/{rev}` (hub-wire §6.2, §6.3). */
export function registerTreeRoutes(app: FastifyInstance, deps: TreeRoutesDeps): void {
  for (const kind of REPO_KINDS) {
    const base = `/api/${pluralOf(kind)}/:namespace/:name`;
    app.get(`${base}/tree/*`, async (request, reply) => {
      const { repo, git, tail } = await openRequestedRepo(deps, kind, request, "read");
      const { commit, path } = await requestedPath(git, tail);
      const query = RequestFields.of(request.query);
      const expand = query.flag("expand");
      const recursive = query.flag("recursive");
      const cursor = query.optionalText("cursor");
      const limit = query.count("limit", expand ? EXPANDED_PAGE : PAGE);
      reply.header("x-repo-commit", commit);
      const page = await git.listTree(commit, {
        path,
        recursive,
        limit,
        after: cursor === undefined ? undefined : decodeCursor(cursor),
      });
      if (page === undefined) throw new HubError(404, "EntryNotFound", "There is no such folder in this revision.");
      if (page.next !== undefined) {
        // Pinned to the commit, so that the pages of one listing belong together.
        const tree = `/api/${pluralOf(kind)}/${repoIdOf(repo.repo)}/tree/${commit}`;
        const link = nextLink(originOf(request), path === "" ? tree : `${tree}/${encodePath(path)}`, {
          recursive: String(recursive),
          expand: String(expand),
          limit: String(limit),
          cursor: encodeCursor(page.next),
        });
        reply.header("link", link);
      }
      return reply.send(await entriesJson(git, deps.lfs, commit, page.entries, expand));
    });
  }

  app.register(async (scope) => {
    acceptForms(scope);
    for (const kind of REPO_KINDS) {
      scope.post(
        `/api/${pluralOf(kind)}/:namespace/:name/paths-info/*`,
        { bodyLimit: PATHS_BODY_BYTES, config: { audit: { none: "it only reads" } } },
        async (request, reply) => {
          const { git, tail } = await openRequestedRepo(deps, kind, request, "read");
          const { commit } = await requestedCommit(git, tail);
          const fields = RequestFields.of(request.body);
          const paths = [...new Set(fields.texts("paths").map((path) => path.replace(/\/$/, "")))];
          const expand = fields.flag("expand");
          if (paths.length > MAX_PATHS) {
            throw new HubError(400, "BadRequest", `At most ${MAX_PATHS} paths at a time.`);
          }
          reply.header("x-repo-commit", commit);
          const entries: TreeEntry[] = [];
          for (const path of paths.filter(isPossiblePath)) {
            const entry = await git.entryAt(commit, path);
            if (entry !== undefined) entries.push(entry);
          }
          return reply.send(await entriesJson(git, deps.lfs, commit, entries, expand));
        },
      );
    }
  });
}

async function entriesJson(
  git: GitRepository,
  lfs: LfsObjects,
  commit: ObjectId,
  entries: readonly TreeEntry[],
  expand: boolean,
): Promise<readonly Record<string, unknown>[]> {
  const described = await Promise.all(entries.map((entry) => describeEntry(git, lfs, entry)));
  const last = expand ? await git.lastCommits(commit, entries) : new Map<string, Commit>();
  return described.map((item) => treeJson(item, last.get(item.entry.path)));
}

/** A path that cannot exist is left out like one that does not (hub-wire §6.3). */
function isPossiblePath(path: string): boolean {
  try {
    return parseEntryPath(path) === path;
  } catch {
    return false;
  }
}
