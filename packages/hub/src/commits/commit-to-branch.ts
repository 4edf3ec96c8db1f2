import type { Principal } from "@postern/core/access/principal";
import { auditActorOf } from "@postern/core/audit/audit-actor";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { HubError } from "@postern/core/error/hub-error";
import { Refusal } from "@postern/core/error/refusal";
import type { Clock } from "@postern/core/time/clock";
import type { AuditLog } from "../access/audit-log.ts";
import { auditResourceOf } from "../access/audit-resource.ts";
import { repoNotFound } from "../access/open-repo.ts";
import type { GitRepositories, GitRepository, StagedObjects } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import type { CommitProvenance } from "../provenance/commit-provenance.ts";
import { afterRefsMoved } from "../repos/after-refs-moved.ts";
import type { RepoCatalogue, StoredRepo } from "../repos/repo-catalogue.ts";
import { storageRefusal } from "../repos/storage-refusal.ts";
import type { BranchLocks } from "./branch-locks.ts";
import type { LineLimits } from "./read-lines.ts";
import { type ReceivedCommit, receiveCommit } from "./receive-commit.ts";
import { writeCommitOn } from "./write-commit-on.ts";

export interface CommitDependencies {
  readonly git: GitRepositories;
  readonly catalogue: RepoCatalogue;
  readonly lfs: LfsObjects;
  /** The same objects for one commit, where they may have come in past us. */
  readonly arrivals?: ((by: Committer) => LfsObjects) | undefined;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly locks: Pick<BranchLocks, "run">;
  readonly limits: LineLimits;
  readonly provenance: Pick<CommitProvenance, "record" | "moved">;
}

/** Whose commit it is, and where it comes from. */
export type Committer = Pick<CommitRequest, "repo" | "principal" | "requestId" | "sourceAddress">;

export interface CommitRequest {
  readonly repo: StoredRepo;
  /** Allowed to write to `repo`; that was checked before. */
  readonly principal: Principal;
  /** Full ref: a branch, or `refs/pr/{num}` of a pull request that the caller may push to. */
  readonly ref: string;
  readonly body: AsyncIterable<Uint8Array>;
  readonly requestId: string;
  readonly sourceAddress: string | undefined;
}

/** How often a commit is rebuilt because something outside this process moved the branch. */
const MAX_ATTEMPTS = 5;
/** The branch that may be made by a first commit. */
const DEFAULT_REF = "refs/heads/main";

/**
 * Makes one commit on a branch out of a commit request (hub-wire §7.4).
 *
 * Order: content into objects nobody sees; then, one commit per branch at a time, tree and commit on top of the tip; objects made
 * durable; audit entry made durable; branch moved by compare-and-swap. A crash before the last step leaves nothing visible.
 *
 * @returns the id of the new commit.
 * @throws {HubError} 400, 404 `RevisionNotFound` or `EntryNotFound`, 412 `StaleParent`, 413, 507 `StorageFull`.
 */
export async function commitToBranch(deps: CommitDependencies, request: CommitRequest): Promise<ObjectId> {
  const { repo } = request;
  const git = deps.git.open(repo);
  try {
    if (request.ref !== DEFAULT_REF && (await git.readRef(request.ref)) === undefined)
      throw branchNotFound(request.ref);
    await using staged = await git.stageObjects();
    const received = await receiveCommit(
      request.body,
      staged,
      deps.arrivals?.(request) ?? deps.lfs,
      repo.repoId,
      deps.limits,
    );
    const commit = await deps.locks.run(`${repo.repoId} ${request.ref}`, () =>
      advanceBranch(deps, request, git, staged, received),
    );
    await afterRefsMoved(deps, repo, [request.ref]);
    return commit;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // The repo may have been deleted under our feet; its files are gone then, and that is no fault of ours.
    if ((await deps.catalogue.findById(repo.repoId)) === undefined) throw repoNotFound(request.principal);
    throw storageRefusal(error);
  }
}

async function advanceBranch(
  deps: CommitDependencies,
  request: CommitRequest,
  git: GitRepository,
  staged: StagedObjects,
  received: ReceivedCommit,
): Promise<ObjectId> {
  const { repo } = request;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const parent = await git.readRef(request.ref);
    if (parent === undefined && request.ref !== DEFAULT_REF) throw branchNotFound(request.ref);
    const commit = await writeCommitOn(git, staged, received, parent, { by: request.principal, at: deps.clock.now() });
    await deps.audit.record(commitEvent(request, "allowed", { commit, parent: parent ?? null }));
    await deps.provenance.record({
      repo,
      ref: request.ref,
      before: parent,
      after: commit,
      commits: [commit],
      through: "api",
      principal: request.principal,
      requestId: request.requestId,
    });
    const outcome = await moveBranch(deps, request, git, commit, parent);
    if (outcome !== "updated") continue;
    deps.provenance.moved(repo);
    return commit;
  }
  throw new HubError(409, "Conflict", "The branch is changing too fast. Try again.");
}

/** The audit entry of a commit that did not come about is followed by one that says so. */
async function moveBranch(
  deps: CommitDependencies,
  request: CommitRequest,
  git: GitRepository,
  commit: ObjectId,
  parent: ObjectId | undefined,
): Promise<"updated" | "stale"> {
  try {
    const outcome = await git.updateRef(request.ref, commit, parent);
    if (outcome === "updated") return outcome;
    await deps.audit.record(commitEvent(request, "denied", { commit, parent: parent ?? null, code: outcome }));
    if (outcome === "stale") return outcome;
    throw new HubError(409, "Conflict", "Another branch has a name that this one would be a folder of.");
  } catch (error) {
    if (!(error instanceof Refusal)) {
      await deps.audit.record(commitEvent(request, "denied", { commit, parent: parent ?? null, code: "failed" }));
    }
    throw error;
  }
}

function branchNotFound(ref: string): HubError {
  const name = ref.slice("refs/heads/".length).replaceAll(/[^\x20-\x7e]/g, "?");
  return new HubError(404, "RevisionNotFound", `Branch not found: ${name}. Create it first.`);
}

function commitEvent(
  { repo, principal, ref, requestId, sourceAddress }: CommitRequest,
  outcome: "allowed" | "denied",
  detail: AuditEvent["detail"],
): AuditEvent {
  return {
    event: "repo.commit",
    outcome,
    actor: auditActorOf(principal),
    resource: auditResourceOf(repo.repo),
    requestId,
    sourceAddress,
    detail: { ...detail, ref, repo_id: repo.repoId },
  };
}
