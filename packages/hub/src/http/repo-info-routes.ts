import { decideRepoAccess } from "@postern/core/access/repo-access";
import { pluralOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { GitRepository, TreeEntry } from "../git/git-repository.ts";
import { listTreePage } from "../git/list-tree.ts";
import type { ObjectId } from "../git/object-id.ts";
import { revisionNotFound } from "../git/revision-not-found.ts";
import { FOLDER_MODE } from "../git/tree-object.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import type { CardData } from "../repos/card-data.ts";
import { CardReader } from "../repos/card-reader.ts";
import type { RepoCatalogue, StoredRepo } from "../repos/repo-catalogue.ts";
import { describeEntry } from "./describe-entry.ts";
import { nextLink } from "./next-link.ts";
import { callerOf, openRequestedRepo, originOf, type RepoAccessDeps } from "./opened-repo.ts";
import { RequestFields } from "./request-fields.ts";
import { requestedRevision } from "./request-repo.ts";

export interface RepoInfoDeps extends RepoAccessDeps {
  readonly catalogue: RepoCatalogue;
  readonly lfs: LfsObjects;
}

/** More files than this are not listed in the info; `tree` has pages. */
const MAX_SIBLINGS = 100_000;
const BLOB_PAGE = 5000;

/** `GET /api/{kind}s`, `…/{repo}`, `…/{repo}/revision/{rev}` (hub-wire §6.1). */
export function registerRepoInfoRoutes(app: FastifyInstance, routeDeps: RepoInfoDeps): void {
  const deps = { ...routeDeps, cards: new CardReader() };
  for (const kind of REPO_KINDS) {
    app.get(`/api/${pluralOf(kind)}`, (request, reply) => listRepos(deps, kind, request, reply));
    app.get(`/api/${pluralOf(kind)}/:namespace/:name`, async (request, reply) => {
      const { repo, git } = await openRequestedRepo(deps, kind, request, "read");
      return reply.send(await repoJson(deps, repo, git, await git.resolveRevision("HEAD"), request));
    });
    app.get(`/api/${pluralOf(kind)}/:namespace/:name/revision/*`, async (request, reply) => {
      const { repo, git, tail } = await openRequestedRepo(deps, kind, request, "read");
      const revision = requestedRevision(tail);
      const commit = await git.resolveRevision(revision);
      if (commit === undefined) throw revisionNotFound(revision);
      return reply.send(await repoJson(deps, repo, git, commit, request));
    });
  }
}

async function listRepos(
  deps: RepoInfoDeps,
  kind: RepoKind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { principal } = await callerOf(deps.gatekeeper, request);
  const query = RequestFields.of(request.query);
  const limit = query.count("limit", { fallback: 100, max: 1000 });
  const author = query.optionalText("author");
  const search = query.optionalText("search");
  const visible: StoredRepo[] = [];
  let after = query.optionalText("cursor");
  // One more than the page, to know whether there is a next one.
  while (visible.length <= limit) {
    const page = await deps.catalogue.list({ kind, author, search, after, limit: 1000 });
    visible.push(...page.filter((repo) => decideRepoAccess(principal, repo, "read").kind === "allow"));
    if (page.length < 1000) break;
    after = page.at(-1)?.repoId;
  }
  const shown = visible.slice(0, limit);
  const last = shown.at(-1);
  if (visible.length > limit && last !== undefined) {
    const filters = { ...(author === undefined ? {} : { author }), ...(search === undefined ? {} : { search }) };
    const next = { ...filters, limit: String(limit), cursor: last.repoId };
    reply.header("link", nextLink(originOf(request), `/api/${pluralOf(kind)}`, next));
  }
  return reply.send(shown.map((repo) => ({ ...catalogueJson(repo), tags: [] })));
}

/** What the catalogue alone knows. */
function catalogueJson({
  repo,
  repoId,
  visibility,
  gated,
  trustedPublishingOnly,
  createdAt,
  updatedAt,
}: StoredRepo): Record<string, unknown> {
  return {
    _id: repoId,
    id: repoIdOf(repo),
    ...(repo.kind === "model" ? { modelId: repoIdOf(repo) } : {}),
    author: repo.namespace,
    private: visibility === "private",
    gated: gated ?? false,
    disabled: false,
    // Ours: readers may see that no forgotten token can have written here lately.
    ...(trustedPublishingOnly === true ? { trustedPublishingOnly } : {}),
    downloads: 0,
    likes: 0,
    createdAt: toIsoTime(createdAt),
    lastModified: toIsoTime(updatedAt),
  };
}

async function repoJson(
  deps: RepoInfoDeps & { readonly cards: CardReader },
  repo: StoredRepo,
  git: GitRepository,
  commit: ObjectId | undefined,
  request: FastifyRequest,
): Promise<Record<string, unknown>> {
  const base = catalogueJson(repo);
  const found = commit === undefined ? undefined : await git.readCommit(commit);
  if (found === undefined) return { ...base, sha: null, tags: [], siblings: [] };
  const blobs = RequestFields.of(request.query).flag("blobs");
  const { data } = await deps.cards.cardAt(git, found.id);
  return {
    ...base,
    sha: found.id,
    lastModified: new Date(found.committedAt * 1000).toISOString(),
    ...cardJson(data),
    siblings: blobs ? await siblingsWithBlobs(git, deps.lfs, found.id) : await siblings(git, found.tree),
  };
}

function cardJson(data: CardData["data"]): Record<string, unknown> {
  if (data === undefined) return { tags: [] };
  const json: Record<string, unknown> = { cardData: data };
  const tags = strings(data.tags);
  for (const name of ["library_name", "pipeline_tag", "sdk"]) {
    const value = data[name];
    if (typeof value !== "string") continue;
    json[name] = value;
    if (name !== "sdk") tags.unshift(value);
  }
  tags.push(...strings(data.language), ...strings(data.license).map((license) => `license:${license}`));
  return { ...json, tags: [...new Set(tags)] };
}

function strings(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item) => typeof item === "string");
}

async function siblings(git: GitRepository, tree: ObjectId): Promise<readonly Record<string, unknown>[]> {
  const readTree = async (oid: ObjectId): Promise<NonNullable<Awaited<ReturnType<GitRepository["readTree"]>>>> =>
    (await git.readTree(oid)) ?? [];
  const query = { base: "", recursive: true, after: undefined, limit: MAX_SIBLINGS };
  const { items } = await listTreePage(readTree, tree, query);
  return items.filter(({ mode }) => mode !== FOLDER_MODE).map(({ path }) => ({ rfilename: path }));
}

async function siblingsWithBlobs(
  git: GitRepository,
  lfs: LfsObjects,
  commit: ObjectId,
): Promise<readonly Record<string, unknown>[]> {
  const files: Record<string, unknown>[] = [];
  let after: string | undefined;
  do {
    const page = await git.listTree(commit, { path: "", recursive: true, after, limit: BLOB_PAGE });
    const entries: readonly TreeEntry[] = page?.entries.filter(({ type }) => type === "file") ?? [];
    for (const { entry, lfs: object } of await Promise.all(entries.map((item) => describeEntry(git, lfs, item)))) {
      files.push({
        rfilename: entry.path,
        size: object?.size ?? entry.size,
        blobId: entry.oid,
        // Beware: `sha256` here, `oid` in tree entries.
        ...(object === undefined
          ? {}
          : { lfs: { sha256: object.oid, size: object.size, pointerSize: object.pointerSize } }),
      });
    }
    after = page?.next;
  } while (after !== undefined && files.length < MAX_SIBLINGS);
  return files;
}
