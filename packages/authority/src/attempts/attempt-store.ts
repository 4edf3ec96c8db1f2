import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { IdentityChange, Publisher, PublisherTarget } from "@postern/core/publisher/publisher";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { Attempt, NewAttempt } from "./attempt.ts";

/** How long an attempt is kept after it was last made, in seconds. */
export const ATTEMPT_LIFE_SECONDS: number = 30 * 86_400;
/** Attempts kept per resource. Beyond it the oldest goes, those of strangers first. */
export const MAX_ATTEMPTS_PER_RESOURCE = 200;

/** The place after the last attempt of a page. */
export interface AttemptCursor {
  readonly at: EpochSeconds;
  readonly id: number;
}

/** A rename or transfer that a refused job showed, to be confirmed by whoever manages the resource. */
export interface AwaitedChange {
  /** As the job was held against it: a publisher with other claims by now is left alone. */
  readonly publisher: Publisher;
  readonly change: IdentityChange;
  /** Written when this change was not waiting already. */
  readonly audit: AuditEvent;
}

/** Port: refused exchanges, for owners. */
export interface AttemptStore {
  /**
   * Stores or counts an attempt together with the audit entry of its refusal, all or nothing.
   *
   * An attempt on a resource that does not exist costs the same and is shown to nobody, so that time tells nothing.
   *
   * @param changes - Stored in the same unit. A rename never takes the place of a transfer.
   */
  record(attempt: NewAttempt, audit: AuditEvent, changes?: readonly AwaitedChange[]): Promise<void>;
  /** Newest first. */
  list(target: PublisherTarget, after: AttemptCursor | undefined, limit: number): Promise<readonly Attempt[]>;
}
