import { decideRepoAccess } from "@postern/core/access/repo-access";
import { pluralOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { listingScopeOf } from "../access/listing-scope.ts";
import { fileRefusal } from "../access/open-repo-files.ts";
import type { GitRepository } from "../git/git-repository.ts";
import { CardReader } from "../repos/card-reader.ts";
import type { ListedRepo, ListPlace, RepoOrder, RepoQuery } from "../repos/repo-catalogue.ts";
import { decodeCursor, encodeCursor, nextLink } from "./next-link.ts";
import { callerOf, originOf } from "./opened-repo.ts";
import { cardJson, catalogueJson, factsJson, type RepoInfoDeps, siblings } from "./repo-info-routes.ts";
import { RequestFields } from "./request-fields.ts";

const PAGE = { fallback: 100, max: 1000 } as const;
/** Where each repo's git has to be asked. */
const DETAILED_PAGE = { fallback: 50, max: 100 } as const;
const MAX_LISTED_FILES = 1000;
const MAX_LISTED_TAGS = 1000;
const MAX_CONFIG_BYTES = 100 * 1024;
/** Filters of one request, so that a long query cannot become a slow one. */
const MAX_FILTERS = 20;

/** What a list tells beyond the catalogue. */
interface Details {
  readonly card: boolean;
  readonly files: boolean;
  readonly config: boolean;
}

/**
 * `GET /api/{kind}s`: lists and search (hub-wire §6.1). Private repos only to those who may read them; there are no totals, so that
 * nothing can be counted that cannot be seen.
 */
export function registerRepoListRoutes(app: FastifyInstance, routeDeps: RepoInfoDeps): void {
  const deps = { ...routeDeps, cards: new CardReader() };
  for (const kind of REPO_KINDS) {
    app.get(`/api/${pluralOf(kind)}`, (request, reply) => listRepos(deps, kind, request, reply));
    app.get(`/api/${pluralOf(kind)}-tags-by-type`, async (_request, reply) =>
      reply.send(tagsByType(kind, await deps.catalogue.publicTags(kind, MAX_LISTED_TAGS))),
    );
  }
}

type ListDeps = RepoInfoDeps & { readonly cards: CardReader };

async function listRepos(
  deps: ListDeps,
  kind: RepoKind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { principal } = await callerOf(deps.gatekeeper, request);
  const fields = RequestFields.of(request.query);
  const details = detailsOf(fields);
  const limit = fields.count("limit", details === undefined ? PAGE : DETAILED_PAGE);
  const query = queryOf(kind, fields);
  // One more than the page, to know whether there is a next one.
  const found = await deps.catalogue.list({ ...query, visible: listingScopeOf(principal), limit: limit + 1 });
  const shown = found
    .slice(0, limit)
    .filter((repo) => decideRepoAccess(principal, repo, "read").kind === "allow")
    .filter((repo) => !fields.has("gated") || fields.flag("gated") === (catalogueJson(repo).gated !== false));
  const last = found.at(limit - 1);
  if (found.length > limit && last !== undefined) {
    const parameters = new URLSearchParams(request.url.split("?")[1] ?? "");
    parameters.set("limit", String(limit));
    parameters.set("cursor", encodePlace(last.place));
    reply.header("link", nextLink(originOf(request), `/api/${pluralOf(kind)}`, parameters));
  }
  const json = shown.map(async (repo) => {
    // The configuration is a file's content, which a gate keeps back.
    const config =
      details?.config === true && (await fileRefusal(deps, principal, repo, originOf(request))) === undefined;
    return await listedJson(deps, repo, details === undefined ? undefined : { ...details, config });
  });
  return reply.send(await Promise.all(json));
}

function queryOf(kind: RepoKind, fields: RequestFields): Omit<RepoQuery, "visible" | "limit"> {
  const order = orderOf(fields.texts("sort").at(-1));
  const direction = fields.optionalText("direction");
  const cursor = fields.optionalText("cursor");
  const several = (name: string): readonly string[] =>
    fields
      .texts(name)
      .filter((text) => text !== "")
      .slice(0, MAX_FILTERS);
  return {
    kind,
    author: fields.optionalText("author"),
    search: several("search"),
    // JavaScript and older Python clients also send several in one, with commas.
    tags: several("filter")
      .flatMap((text) => text.split(","))
      .slice(0, MAX_FILTERS),
    pipelineTag: fields.optionalText("pipeline_tag"),
    order,
    ascending: order === "id" ? direction !== "-1" : direction === "1",
    after: cursor === undefined ? undefined : decodePlace(cursor),
  };
}

/** We count neither downloads nor likes: in an order by them all are equal, and follow each other newest first. */
function orderOf(sort: string | undefined): RepoOrder {
  if (sort === "lastModified") return "updated";
  return sort === "id" ? "id" : "created";
}

function detailsOf(fields: RequestFields): Details | undefined {
  const expand = new Set([...fields.texts("expand"), ...fields.texts("expand[]")]);
  const full = fields.flag("full");
  const details = {
    card: full || fields.flag("cardData") || expand.has("cardData"),
    files: full || expand.has("siblings") || expand.has("sha"),
    config: fields.flag("config") || expand.has("config"),
  };
  return details.card || details.files || details.config ? details : undefined;
}

async function listedJson(
  deps: ListDeps,
  repo: ListedRepo,
  details: Details | undefined,
): Promise<Record<string, unknown>> {
  const json = { ...catalogueJson(repo), ...factsJson(repo.facts) };
  if (details === undefined) return json;
  const git = deps.git.open(repo);
  const tip = await git.resolveRevision("HEAD");
  const commit = tip === undefined ? undefined : await git.readCommit(tip);
  if (commit === undefined) return { ...json, sha: null };
  return {
    ...json,
    sha: commit.id,
    ...(details.card ? cardJson(repo.repo.kind, (await deps.cards.cardAt(git, commit.id)).data) : {}),
    ...(details.files ? { siblings: await siblings(git, commit.tree, MAX_LISTED_FILES) } : {}),
    ...(details.config ? { config: await configOf(git, commit.id) } : {}),
  };
}

/** What the Hub shows of a model's `config.json`. */
async function configOf(git: GitRepository, commit: Parameters<GitRepository["entryAt"]>[0]): Promise<unknown> {
  const entry = await git.entryAt(commit, "config.json");
  const content = entry?.type === "file" ? await git.readBlob(entry.oid, MAX_CONFIG_BYTES) : undefined;
  if (content === undefined) return null;
  try {
    const fields = RequestFields.of(JSON.parse(content.toString("utf8")));
    return { architectures: fields.texts("architectures"), model_type: fields.optionalText("model_type") ?? null };
  } catch {
    return null;
  }
}

/** As `get_model_tags` reads it: the Hub's groups, with what public cards here say. A tag without a type of its own is an `other`. */
function tagsByType(kind: RepoKind, tags: readonly string[]): Record<string, readonly Record<string, string>[]> {
  const first =
    kind === "dataset" ? ["task_categories", "language"] : ["pipeline_tag", "library", "language", "dataset"];
  const groups: Record<string, Record<string, string>[]> = Object.fromEntries(
    [...first, "license", "other"].map((type) => [type, []]),
  );
  for (const tag of tags) {
    const [prefix = "", label] = /^([a-z_]+):(.+)$/.exec(tag)?.slice(1) ?? [];
    const type = label !== undefined && Object.hasOwn(groups, prefix) ? prefix : "other";
    groups[type]?.push({ id: tag, label: type === "other" ? tag : (label ?? tag), type });
  }
  return groups;
}

function encodePlace({ value, seq }: ListPlace): string {
  return encodeCursor(JSON.stringify([value, seq]));
}

/** A cursor that is not ours starts from the beginning. */
function decodePlace(cursor: string): ListPlace | undefined {
  try {
    const parsed: unknown = JSON.parse(decodeCursor(cursor));
    if (!Array.isArray(parsed)) return undefined;
    const [value, seq]: readonly unknown[] = parsed;
    if ((typeof value !== "string" && typeof value !== "number") || typeof seq !== "number") return undefined;
    return { value, seq };
  } catch {
    return undefined;
  }
}
