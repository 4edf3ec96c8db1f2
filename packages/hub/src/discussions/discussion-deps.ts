import type { Clock } from "@postern/core/time/clock";
import type { AuditLog } from "../access/audit-log.ts";
import type { BranchLocks } from "../commits/branch-locks.ts";
import type { GitRepositories } from "../git/git-repository.ts";
import type { Discussions } from "./discussions.ts";

/** What everything about discussions needs. */
export interface DiscussionDeps {
  readonly discussions: Discussions;
  readonly git: GitRepositories;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly locks: Pick<BranchLocks, "run">;
  /** 24 random hex digits. */
  readonly newEventId: () => string;
}
