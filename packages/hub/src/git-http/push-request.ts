import type { Readable } from "node:stream";
import type { Clock } from "@postern/core/time/clock";
import type { AuditLog } from "../access/audit-log.ts";
import type { Caller } from "../access/caller.ts";
import type { BranchLocks } from "../commits/branch-locks.ts";
import type { GitRepositories } from "../git/git-repository.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import type { CommitProvenance } from "../provenance/commit-provenance.ts";
import type { RepoCatalogue, StoredRepo } from "../repos/repo-catalogue.ts";
import type { PushRules } from "./check-push.ts";
import type { GitTransfers } from "./git-transfers.ts";
import type { PushHead } from "./push-commands.ts";
import type { PullRequestRights, Pusher } from "./ref-rules.ts";

export interface PushDependencies {
  readonly git: GitRepositories;
  readonly transfers: Pick<GitTransfers, "beginPush">;
  readonly catalogue: Pick<RepoCatalogue, "touch" | "describe" | "findById">;
  readonly lfs: LfsObjects;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly locks: Pick<BranchLocks, "run">;
  readonly rules: PushRules;
  readonly pulls?: PullRequestRights | undefined;
  readonly provenance: Pick<CommitProvenance, "record" | "moved">;
}

export interface PushRequest extends PushHead {
  readonly repo: StoredRepo;
  readonly caller: Caller;
  readonly pusher: Pusher;
  /** What follows the commands. */
  readonly pack: Readable;
  /** Aborts when the pusher goes away; heeded until the audit entry is written. */
  readonly signal: AbortSignal;
}
