import type { Visibility } from "@postern/core/access/repo-access";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { Publisher } from "@postern/core/publisher/publisher";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** How many names one account may hold at a time. */
export const MAX_HELD_NAMES = 20;

/** A name to be held: nobody else gets it until `expiresAt`. */
export interface NewHeldName {
  readonly repo: RepoRef;
  /** What the repo will have; its publishers are stored under it from now on. */
  readonly repoId: string;
  readonly visibility: Visibility;
  readonly heldBy: string;
  readonly expiresAt: EpochSeconds;
}

/** Port: names that wait for their first exchange. Every change commits together with its audit entry. */
export interface PendingPublishers {
  /** Holds the name and stores the publisher. `full`: the account holds `MAX_HELD_NAMES` already. */
  hold(publisher: Publisher, name: NewHeldName, audit: AuditEvent): Promise<"added" | "taken" | "full">;
  /** Lets go of a name whose last publisher was removed. False when it was not held. */
  release(repoId: string, audit: AuditEvent): Promise<boolean>;
}
