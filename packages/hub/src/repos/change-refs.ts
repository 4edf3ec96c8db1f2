import { auditActorOf } from "@postern/core/audit/audit-actor";
import { HubError } from "@postern/core/error/hub-error";
import type { Clock } from "@postern/core/time/clock";
import type { AuditLog } from "../access/audit-log.ts";
import { auditResourceOf } from "../access/audit-resource.ts";
import type { Caller } from "../access/caller.ts";
import type { BranchLocks } from "../commits/branch-locks.ts";
import { authorOf, commitMessage } from "../commits/commit-attribution.ts";
import { formatCommit, formatTag } from "../git/commit-object.ts";
import type { GitRepositories, GitRepository } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import { revisionNotFound } from "../git/revision-not-found.ts";
import type { CommitProvenance } from "../provenance/commit-provenance.ts";
import { recordNewCommits } from "../provenance/record-new-commits.ts";
import { type AfterRefsMovedDeps, afterRefsMoved } from "./after-refs-moved.ts";
import { writeFirstCommit } from "./first-commit.ts";
import type { StoredRepo } from "./repo-catalogue.ts";
import { storageRefusal } from "./storage-refusal.ts";

export interface RefDependencies {
  readonly git: GitRepositories;
  readonly catalogue: AfterRefsMovedDeps["catalogue"];
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly locks: Pick<BranchLocks, "run">;
  readonly provenance: Pick<CommitProvenance, "record" | "moved">;
}

/** A ref of one repo that somebody may change; that was checked before. */
export interface RefChange {
  readonly repo: StoredRepo;
  readonly caller: Caller;
  /** Full: `refs/heads/x`, `refs/tags/v1`. */
  readonly ref: string;
}

/** Where a new branch starts. */
export type BranchStart =
  | { readonly kind: "revision"; readonly revision: string }
  /** A history of its own that holds nothing but `.gitattributes`. */
  | { readonly kind: "empty" };

/** @throws {HubError} 404 `RevisionNotFound`, 409 when the branch exists and may not be replaced. */
export async function createBranch(
  deps: RefDependencies,
  change: RefChange,
  start: BranchStart,
  overwrite: boolean,
): Promise<void> {
  await changeRef(deps, change, "branch.create", async (git, present) => {
    if (present !== undefined && !overwrite) throw alreadyThere(change.ref);
    if (start.kind === "empty") return await writeFirstCommit(git, change.caller.principal, deps.clock, []);
    const commit = await git.resolveRevision(start.revision);
    if (commit === undefined) throw revisionNotFound(start.revision);
    return commit;
  });
}

/** A tag on `revision`; annotated when it has a message. @throws {HubError} 404 `RevisionNotFound`, 409. */
export async function createTag(
  deps: RefDependencies,
  change: RefChange,
  revision: string,
  message: string,
): Promise<void> {
  await changeRef(deps, change, "tag.create", async (git, present) => {
    if (present !== undefined) throw alreadyThere(change.ref);
    const commit = await git.resolveRevision(revision);
    if (commit === undefined) throw revisionNotFound(revision);
    if (message.trim() === "") return commit;
    await using staged = await git.stageObjects();
    const name = change.ref.slice("refs/tags/".length);
    const author = authorOf(change.caller.principal);
    const tag = await staged.writeTag(formatTag(commit, name, { author, at: deps.clock.now(), message }));
    await staged.publish();
    return tag;
  });
}

/** @throws {HubError} 404 `RevisionNotFound`; 400 for `main`, which clones need. */
export async function deleteRef(deps: RefDependencies, change: RefChange): Promise<void> {
  if (change.ref === "refs/heads/main") throw new HubError(400, "BadRequest", "The branch main cannot be deleted.");
  const event = change.ref.startsWith("refs/tags/") ? "tag.delete" : "branch.delete";
  await changeRef(deps, change, event, async (_, present) => {
    if (present === undefined) throw revisionNotFound(change.ref.replace(/^refs\/(?:heads|tags)\//, ""));
    return undefined;
  });
}

/** Replaces a branch's history by one commit with the same files. @throws {HubError} 404 `RevisionNotFound`, 409. */
export async function squashBranch(deps: RefDependencies, change: RefChange, message: string): Promise<void> {
  await changeRef(deps, change, "branch.squash", async (git, present) => {
    const tip = present === undefined ? undefined : await git.readCommit(present);
    if (tip === undefined) throw revisionNotFound(change.ref.replace(/^refs\/heads\//, ""));
    const { principal } = change.caller;
    await using staged = await git.stageObjects();
    const header = { summary: message, description: "", parentCommit: undefined };
    const commit = await staged.writeCommit(
      formatCommit({
        tree: tip.tree,
        parent: undefined,
        author: authorOf(principal),
        at: deps.clock.now(),
        message: commitMessage(header, principal),
      }),
    );
    await staged.publish();
    return commit;
  });
}

async function changeRef(
  deps: RefDependencies,
  { repo, caller, ref }: RefChange,
  event: string,
  target: (git: GitRepository, present: ObjectId | undefined) => Promise<ObjectId | undefined>,
): Promise<void> {
  const git = deps.git.open(repo);
  await deps.locks.run(`${repo.repoId} ${ref}`, async () => {
    try {
      const present = await git.readRefTarget(ref);
      const to = await target(git, present);
      await deps.audit.record({
        event,
        outcome: "allowed",
        actor: auditActorOf(caller.principal),
        resource: auditResourceOf(repo.repo),
        requestId: caller.requestId,
        sourceAddress: caller.sourceAddress,
        detail: { ref, from: present ?? null, to: to ?? null, repo_id: repo.repoId },
      });
      if (to !== undefined) {
        const { principal, requestId } = caller;
        await recordNewCommits(deps.provenance, git, {
          repo,
          ref,
          before: present,
          to,
          through: "api",
          principal,
          requestId,
        });
      }
      const outcome = await git.updateRef(ref, to, present);
      if (outcome === "updated" && to !== undefined) deps.provenance.moved(repo);
      if (outcome === "stale")
        throw new HubError(409, "Conflict", "Somebody else changed this ref just now. Try again.");
      if (outcome === "clash")
        throw new HubError(409, "Conflict", "Another ref has a name that this one would be a folder of.");
    } catch (error) {
      throw storageRefusal(error);
    }
  });
  await afterRefsMoved(deps, repo, [ref]);
}

function alreadyThere(ref: string): HubError {
  const word = ref.startsWith("refs/tags/") ? "Tag" : "Branch";
  return new HubError(409, "Conflict", `${word} already exists: ${ref.replace(/^refs\/(?:heads|tags)\//, "")}`);
}
