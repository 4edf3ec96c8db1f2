import type { Principal } from "@postern/core/access/principal";
import type { RepoPermission } from "@postern/core/access/repo-access";
import type { RepoKind } from "@postern/core/resource/repo-kind";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { FastifyRequest } from "fastify";
import type { AuditLog } from "../access/audit-log.ts";
import type { Caller } from "../access/caller.ts";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import { openRepo } from "../access/open-repo.ts";
import { type FileAccessDeps, openRepoFiles } from "../access/open-repo-files.ts";
import { openRepoForChange } from "../access/open-repo-for-change.ts";
import type { GitRepositories, GitRepository } from "../git/git-repository.ts";
import type { RepoCatalogue, StoredRepo } from "../repos/repo-catalogue.ts";
import { rawSegmentsOf, requestedRepo } from "./request-repo.ts";

export interface RepoAccessDeps extends FileAccessDeps {
  readonly gatekeeper: Pick<Gatekeeper, "identify">;
  readonly catalogue: Pick<RepoCatalogue, "find">;
  readonly git: GitRepositories;
  readonly audit: AuditLog;
}

/** The repo that a request under `/api/{kind}s/{ns}/{name}/{verb}/…` reached, and by whom. */
export interface OpenedRepo {
  readonly caller: Caller;
  readonly repo: StoredRepo;
  readonly git: GitRepository;
  /** Raw segments behind the verb. */
  readonly tail: readonly string[];
}

/**
 * @param permission - `files` is `read` past the gate: for whatever gives out content.
 * @throws {HubError} as `openRepo` and `openRepoFiles`; 401 for bad credentials.
 */
export async function openRequestedRepo(
  deps: RepoAccessDeps,
  kind: RepoKind,
  request: FastifyRequest,
  permission: RepoPermission | "files",
): Promise<OpenedRepo> {
  const caller = await callerOf(deps.gatekeeper, request);
  const segments = rawSegmentsOf(request.raw.url ?? "");
  const wanted = requestedRepo(kind, segments, 2);
  const repo = await openAs(deps, caller, wanted, permission, originOf(request));
  return { caller, repo, git: deps.git.open(repo), tail: segments.slice(5) };
}

async function openAs(
  deps: RepoAccessDeps,
  caller: Caller,
  wanted: RepoRef | undefined,
  permission: RepoPermission | "files",
  origin: string,
): Promise<StoredRepo> {
  switch (permission) {
    case "read":
      return await openRepo(deps.catalogue, caller.principal, wanted, permission);
    case "files":
      return await openRepoFiles(deps, caller.principal, wanted, origin);
    default:
      return await openRepoForChange(deps, caller, wanted, permission);
  }
}

/** @throws {HubError} 401 for bad credentials. */
export async function callerOf(gatekeeper: Pick<Gatekeeper, "identify">, request: FastifyRequest): Promise<Caller> {
  const principal: Principal = await gatekeeper.identify(request.headers.authorization);
  return { principal, requestId: request.id, sourceAddress: request.ip };
}

/** The origin that the client used: it compares the links that we send with its own endpoint (hub-wire §0, 15). */
export function originOf(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}`;
}
