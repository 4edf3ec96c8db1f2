import { decideRepoAccess } from "@postern/core/access/repo-access";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { HubError } from "@postern/core/error/hub-error";
import { type RepoRef, repoIdOf, repoKeyOf } from "@postern/core/resource/repo-ref";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import { auditResourceOf } from "../access/audit-resource.ts";
import type { Caller } from "../access/caller.ts";
import { repoNotFound } from "../access/open-repo.ts";
import { allowedName } from "./allowed-name.ts";
import type { RepoLifecycleDependencies } from "./create-repo.ts";
import { lifecycleEvent } from "./lifecycle-event.ts";
import type { StoredRepo } from "./repo-catalogue.ts";

/** A repo's change of name: a rename where the namespace stays, a transfer where it does not. Both have one kind. */
export interface RepoMove {
  readonly repoId: string;
  readonly from: RepoRef;
  readonly to: RepoRef;
  readonly at: EpochSeconds;
}

/** `gone`: the repo has not got the old name any more. */
export type MoveOutcome = "moved" | "taken" | "held" | "gone";

/**
 * Port: moves a repo together with the rights that hang on it. The authority implements it with `SqliteRepoNames`.
 *
 * Everything in one transaction with the audit entry. Tokens that publishers of the repo earned end in any case: they name the old
 * name. Where the namespace changes, its publishers are switched off too, because those who trusted them do not own the repo any more:
 * rights must not outlive their reason (TOB-PYPI26-13).
 */
export interface RepoMoves {
  move(move: RepoMove, audit: AuditEvent): Promise<MoveOutcome>;
}

export interface MoveDependencies extends RepoLifecycleDependencies {
  readonly moves: RepoMoves;
}

/**
 * Gives `repo` another name; the caller's right to administer it was checked before.
 *
 * The old name leads to the new one until somebody takes it. Commits, LFS objects and settings belong to the repo's id and stay.
 *
 * @throws {HubError} 401 or 403 when the caller may not create repos in the new namespace, 404 for a namespace that does not exist,
 *   409 when the name is taken.
 */
export async function moveRepo(
  deps: MoveDependencies,
  caller: Caller,
  repo: StoredRepo,
  wanted: RepoRef,
): Promise<RepoRef> {
  const from = repo.repo;
  const isTransfer = from.namespace.toLowerCase() !== wanted.namespace.toLowerCase();
  const { visibility } = repo;
  // A transfer puts something into a namespace, so whoever does it must be allowed to.
  const to = isTransfer
    ? await allowedName(deps, caller, { repo: wanted, visibility }, "repo.move")
    : { ...wanted, namespace: from.namespace };
  const event = lifecycleEvent("repo.move", "allowed", caller, repo);
  const audit = { ...event, detail: { ...event.detail, to: auditResourceOf(to), transfer: isTransfer } };
  const outcome = await deps.moves.move({ repoId: repo.repoId, from, to, at: deps.clock.now() }, audit);
  if (outcome === "moved") return to;
  if (outcome === "gone") throw repoNotFound(caller.principal);
  await deps.audit.record({ ...audit, outcome: "denied", detail: { ...audit.detail, code: "Conflict" } });
  throw await nameTaken(deps, caller, to);
}

/** Whoever may write to a namespace may know that a name in it is taken; by what, only those who may see it. */
async function nameTaken(deps: MoveDependencies, { principal }: Caller, to: RepoRef): Promise<HubError> {
  const present = await deps.catalogue.find(to);
  const visible = present !== undefined && decideRepoAccess(principal, present, "read").kind === "allow";
  const by = visible && repoKeyOf(present.repo) === repoKeyOf(to) ? " by a repo" : "";
  return new HubError(409, "Conflict", `The name ${repoIdOf(to)} is taken${by}.`);
}
