import type { Principal } from "@postern/core/access/principal";
import { decideRepoAccess, type Visibility } from "@postern/core/access/repo-access";
import { auditActorOf } from "@postern/core/audit/audit-actor";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { HubError } from "@postern/core/error/hub-error";
import { type RepoRef, repoIdOf } from "@postern/core/resource/repo-ref";
import type { Clock } from "@postern/core/time/clock";
import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { AuditLog } from "../access/audit-log.ts";
import { auditResourceOf } from "../access/audit-resource.ts";
import type { Caller } from "../access/caller.ts";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import type { BranchLocks } from "../commits/branch-locks.ts";
import type { ObjectId } from "../git/object-id.ts";
import type { CommitProvenance } from "../provenance/commit-provenance.ts";
import { allowedName } from "./allowed-name.ts";
import { type FirstFile, firstMove, writeFirstCommit } from "./first-commit.ts";
import type { HeldName } from "./held-name.ts";
import { lifecycleEvent } from "./lifecycle-event.ts";
import type { RepoCatalogue, StoredRepo } from "./repo-catalogue.ts";
import type { RepoStorage } from "./repo-storage.ts";
import { storageRefusal } from "./storage-refusal.ts";

export interface RepoLifecycleDependencies {
  readonly catalogue: RepoCatalogue;
  readonly storage: RepoStorage;
  readonly gatekeeper: Gatekeeper;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** Nobody else makes a repo of the same id meanwhile: held names have theirs before they exist. */
  readonly locks: Pick<BranchLocks, "run">;
  readonly provenance: Pick<CommitProvenance, "record" | "moved">;
  /** 24 random hex digits. */
  readonly newRepoId: () => string;
}

export interface NewRepo {
  readonly repo: RepoRef;
  readonly visibility: Visibility;
  readonly files: readonly FirstFile[];
  /** Its branches, tags and LFS objects instead of a first commit; the caller may read it, which was checked before. */
  readonly copyOf?: StoredRepo;
}

/** `exists` is only said to those who may see the repo. */
export type CreateOutcome = { readonly kind: "created" | "exists"; readonly repo: StoredRepo };

/**
 * Creates a repo with its first commit on `main`.
 *
 * Order: the git repo is built out of sight, the audit entry is written, then the catalogue gets its row, which is the moment at
 * which the repo exists.
 *
 * A name that a pending publisher holds is given to its holder only, with the id that the publisher waits for.
 *
 * @throws {HubError} 401 or 403 `Forbidden`, 409 `Conflict` when the name is held, 507 `StorageFull`.
 */
export async function createRepo(
  deps: RepoLifecycleDependencies,
  caller: Caller,
  wanted: NewRepo,
): Promise<CreateOutcome> {
  const { principal } = caller;
  const present = await deps.catalogue.find(wanted.repo);
  if (present !== undefined && decideRepoAccess(principal, present, "read").kind === "allow") {
    return { kind: "exists", repo: present };
  }
  const repo = await allowedName(deps, caller, wanted, eventOf(wanted));
  const held = await deps.catalogue.findHeld(repo, deps.clock.now());
  if (held !== undefined && !mayTake(principal, held)) {
    await deps.audit.record({
      ...lifecycleEvent(eventOf(wanted), "denied", caller, { ...wanted, repo, repoId: "" }),
      detail: { code: "Conflict", held_by: held.heldBy },
    });
    throw nameHeld(held);
  }
  const repoId = held?.repoId ?? deps.newRepoId();
  return deps.locks.run(creationLock(repoId), () => build(deps, caller, wanted, repo, repoId));
}

async function build(
  deps: RepoLifecycleDependencies,
  caller: Caller,
  wanted: NewRepo,
  repo: RepoRef,
  repoId: string,
): Promise<CreateOutcome> {
  const made = await deps.catalogue.findById(repoId);
  if (made !== undefined) return { kind: "exists", repo: made };
  const at = deps.clock.now();
  const stored: StoredRepo = {
    repo,
    repoId,
    visibility: wanted.visibility,
    createdAt: at,
    updatedAt: at,
    createdBy: auditActorOf(caller.principal).name,
  };
  try {
    const first = await fillStorage(deps, caller, wanted, repoId);
    await deps.audit.record(creationEvent("allowed", caller, stored, wanted));
    if (first !== undefined) await deps.provenance.record(firstMove(stored, first, caller.principal, caller.requestId));
    const outcome = await deps.catalogue.create(stored, wanted.copyOf?.repoId);
    if (outcome === "created") {
      await deps.storage.finish(repoId);
      deps.provenance.moved(stored);
      return { kind: "created", repo: stored };
    }
  } catch (error) {
    await discardStorage(deps.storage, repoId);
    throw storageRefusal(error);
  }
  await discardStorage(deps.storage, repoId);
  await deps.audit.record(creationEvent("denied", caller, stored, wanted));
  const winner = await deps.catalogue.find(repo);
  const holder = winner === undefined ? await deps.catalogue.findHeld(repo, deps.clock.now()) : undefined;
  if (holder !== undefined) throw nameHeld(holder);
  if (winner === undefined) throw new HubError(409, "Conflict", "The repo was deleted meanwhile. Try again.");
  return { kind: "exists", repo: winner };
}

/** @returns the first commit; none for a copy, whose commits keep what is known of them. */
async function fillStorage(
  { storage, clock }: RepoLifecycleDependencies,
  { principal }: Caller,
  { copyOf, files }: NewRepo,
  repoId: string,
): Promise<ObjectId | undefined> {
  if (copyOf !== undefined) {
    await storage.copy(repoId, copyOf.repoId);
    return undefined;
  }
  let first: ObjectId | undefined;
  await storage.build(repoId, async (git) => {
    first = await writeFirstCommit(git, principal, clock, files);
    await git.updateRef("refs/heads/main", first, undefined);
  });
  return first;
}

function eventOf({ copyOf }: Pick<NewRepo, "copyOf">): "repo.create" | "repo.duplicate" {
  return copyOf === undefined ? "repo.create" : "repo.duplicate";
}

function creationEvent(outcome: "allowed" | "denied", caller: Caller, stored: StoredRepo, wanted: NewRepo): AuditEvent {
  const event = lifecycleEvent(eventOf(wanted), outcome, caller, stored);
  const { copyOf } = wanted;
  if (copyOf === undefined) return event;
  return { ...event, detail: { ...event.detail, copy_of: auditResourceOf(copyOf.repo), copy_of_id: copyOf.repoId } };
}

/** The account that holds the name, and whoever manages its namespace. */
function mayTake(principal: Principal, held: HeldName): boolean {
  if (principal.kind !== "user") return false;
  if (principal.name.toLowerCase() === held.heldBy.toLowerCase()) return true;
  return decideRepoAccess(principal, held, "admin").kind === "allow";
}

function nameHeld({ repo, heldBy, expiresAt }: HeldName): HubError {
  const until = toIsoTime(expiresAt);
  const message = `The name ${repoIdOf(repo)} is held by a pending publisher of ${heldBy} until ${until}.`;
  return new HubError(409, "Conflict", message);
}

/** The key of the lock under which a repo of this id is made. */
export function creationLock(repoId: string): string {
  return `create ${repoId}`;
}

/** Removes what was built of a repo that did not come to be. */
export async function discardStorage(storage: RepoStorage, repoId: string): Promise<void> {
  await storage.remove(repoId);
  await storage.finish(repoId);
}
