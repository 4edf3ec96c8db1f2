import { isOwnOf } from "@postern/core/access/discussion-access";
import { decideRepoAccess } from "@postern/core/access/repo-access";
import type { RepoKind } from "@postern/core/resource/repo-kind";
import type { FastifyRequest } from "fastify";
import { pullNumberOf } from "../discussions/discussion.ts";
import type { Discussions } from "../discussions/discussions.ts";
import { requireOpenPull } from "../discussions/open-pull-request.ts";
import { requireParticipant } from "../discussions/require-participant.ts";
import { type OpenedRepo, openRequestedRepo, type RepoAccessDeps } from "./opened-repo.ts";
import { RequestFields } from "./request-fields.ts";
import { rawSegmentsOf, requestedRevision } from "./request-repo.ts";

/** Where somebody wants to put a commit: on a branch, on a pull request, or on a new one that is opened for it. */
export interface WritableRevision extends OpenedRepo {
  readonly revision: string;
  readonly kind: "branch" | "pull" | "new-pull";
}

/**
 * Opens a repo for preupload and commit under `/api/{kind}s/{ns}/{name}/{verb}/{rev}[?create_pr=1]`.
 *
 * Branches are for writers. Whoever may read the files and take part may open a pull request and add to their own.
 *
 * @throws {HubError} as `openRequestedRepo`; 404 `RevisionNotFound` and 409 for a pull request that is none or not open.
 */
export async function openWritableRevision(
  deps: RepoAccessDeps & { readonly discussions: Pick<Discussions, "find"> },
  kind: RepoKind,
  request: FastifyRequest,
): Promise<WritableRevision> {
  const createsPull = RequestFields.of(request.query).flag("create_pr");
  const revision = revisionOf(request);
  const num = createsPull ? undefined : pullNumberOf(revision);
  if (!createsPull && num === undefined) {
    return { ...(await openRequestedRepo(deps, kind, request, "write")), revision, kind: "branch" };
  }
  const opened = await openRequestedRepo(deps, kind, request, "files");
  const { principal } = opened.caller;
  requireParticipant(principal, opened.repo);
  if (num === undefined) return { ...opened, revision, kind: "new-pull" };
  const { author } = requireOpenPull(await deps.discussions.find(opened.repo.repoId, num), num);
  const writes = decideRepoAccess(principal, opened.repo, "write").kind === "allow";
  // Refused, and written down, like any other try to write.
  if (!writes && !isOwnOf(principal, author)) await openRequestedRepo(deps, kind, request, "write");
  return { ...opened, revision, kind: "pull" };
}

function revisionOf(request: FastifyRequest): string {
  return requestedRevision(rawSegmentsOf(request.raw.url ?? "").slice(5));
}
