import { decideRepoAccess } from "@postern/core/access/repo-access";
import { HubError } from "@postern/core/error/hub-error";
import { pathPrefixOf, pluralOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { FastifyInstance } from "fastify";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import type { RepoCatalogue } from "../repos/repo-catalogue.ts";
import { rawSegmentsOf, requestedRepo } from "./request-repo.ts";

export interface RedirectDeps {
  readonly gatekeeper: Pick<Gatekeeper, "identify">;
  readonly catalogue: Pick<RepoCatalogue, "find" | "findMoved">;
}

/**
 * Sends requests that use a repo's former name to its present one: API, resolve, git and LFS alike.
 *
 * 307, so that method and body stay; the `Location` is relative, because Python takes an absolute one for a place to download from and
 * drops its token there (hub-wire §6.4). Only those who may read the repo are told; to anybody else the former name is a missing repo.
 *
 * Covers every route of `app` whose path begins with a repo, whichever room registers it.
 */
export function redirectMovedRepos(app: FastifyInstance, { gatekeeper, catalogue }: RedirectDeps): void {
  app.addHook("onRequest", async (request) => {
    const place = placeOf(request.routeOptions.url ?? "");
    if (place === undefined) return;
    const target = request.raw.url ?? "";
    const segments = rawSegmentsOf(target);
    const wanted = requestedRepo(place.kind, segments, place.at);
    if (wanted === undefined || (await catalogue.find(wanted)) !== undefined) return;
    const moved = await catalogue.findMoved(wanted);
    if (moved === undefined) return;
    const principal = await gatekeeper.identify(request.headers.authorization);
    if (decideRepoAccess(principal, moved, "read").kind !== "allow") return;
    const location = renamed(target, segments, place.at, moved.repo);
    throw new HubError(307, "RepoMoved", "This repo has another name now.", { headers: { location } });
  });
}

/** Where in the path of a route the repo stands. Our own management API has no redirects: rights are never changed by an old name. */
function placeOf(route: string): { readonly kind: RepoKind; readonly at: number } | undefined {
  for (const kind of REPO_KINDS) {
    if (route.startsWith(`/api/${pluralOf(kind)}/:namespace/:name`)) return { kind, at: 2 };
    if (route.startsWith(`/${pathPrefixOf(kind)}:namespace/:name`)) return { kind, at: kind === "model" ? 0 : 1 };
  }
  return undefined;
}

/** The same target with the repo's name replaced; `.git` and the query stay as they were. */
function renamed(target: string, segments: readonly string[], at: number, { namespace, name }: RepoRef): string {
  const suffix = segments[at + 1]?.endsWith(".git") === true ? ".git" : "";
  const path = segments.toSpliced(at, 2, namespace, `${name}${suffix}`).join("/");
  const query = target.indexOf("?");
  return `/${path}${query < 0 ? "" : target.slice(query)}`;
}
