import { pluralOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { GitRepository, TreeEntry } from "../git/git-repository.ts";
import { listTreePage } from "../git/list-tree.ts";
import type { ObjectId } from "../git/object-id.ts";
import { revisionNotFound } from "../git/revision-not-found.ts";
import { FOLDER_MODE } from "../git/tree-object.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import type { CardData } from "../repos/card-data.ts";
import { type CardFacts, cardFactsOf } from "../repos/card-facts.ts";
import { CardReader } from "../repos/card-reader.ts";
import type { RepoCatalogue, StoredRepo } from "../repos/repo-catalogue.ts";
import { describeEntry } from "./describe-entry.ts";
import { openRequestedRepo, type RepoAccessDeps } from "./opened-repo.ts";
import { RequestFields } from "./request-fields.ts";
import { requestedRevision } from "./request-repo.ts";

export interface RepoInfoDeps extends RepoAccessDeps {
  readonly catalogue: RepoCatalogue;
  readonly lfs: LfsObjects;
}

/** More files than this are not listed in the info; `tree` has pages. */
const MAX_SIBLINGS = 100_000;
const BLOB_PAGE = 5000;

/** `GET …/{repo}`, `…/{repo}/revision/{rev}` (hub-wire §6.1). */
export function registerRepoInfoRoutes(app: FastifyInstance, routeDeps: RepoInfoDeps): void {
  const deps = { ...routeDeps, cards: new CardReader() };
  for (const kind of REPO_KINDS) {
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

/** What the catalogue alone knows. */
export function catalogueJson({
  repo,
  repoId,
  visibility,
  gated,
  disabled,
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
    disabled: disabled === true,
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
    ...cardJson(repo.repo.kind, data),
    siblings: blobs ? await siblingsWithBlobs(git, deps.lfs, found.id) : await siblings(git, found.tree),
  };
}

/** The card itself, and what follows from it. */
export function cardJson(kind: RepoKind, data: CardData["data"]): Record<string, unknown> {
  const json = factsJson(cardFactsOf(kind, data));
  if (data === undefined) return json;
  return { cardData: data, ...json, ...(typeof data.sdk === "string" ? { sdk: data.sdk } : {}) };
}

export function factsJson({ pipelineTag, libraryName, tags }: CardFacts): Record<string, unknown> {
  return {
    tags,
    ...(pipelineTag === undefined ? {} : { pipeline_tag: pipelineTag }),
    ...(libraryName === undefined ? {} : { library_name: libraryName }),
  };
}

/** Every file by its name; in lists of repos only the first `limit`. */
export async function siblings(
  git: GitRepository,
  tree: ObjectId,
  limit: number = MAX_SIBLINGS,
): Promise<readonly Record<string, unknown>[]> {
  const readTree = async (oid: ObjectId): Promise<NonNullable<Awaited<ReturnType<GitRepository["readTree"]>>>> =>
    (await git.readTree(oid)) ?? [];
  const query = { base: "", recursive: true, after: undefined, limit };
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
