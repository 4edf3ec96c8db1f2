import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { PublisherTarget } from "@postern/core/publisher/publisher";
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

/** Port: refused exchanges, for owners. */
export interface AttemptStore {
  /**
   * Stores or counts an attempt together with the audit entry of its refusal, all or nothing.
   *
   * An attempt on a resource that does not exist costs the same and is shown to nobody, so that time tells nothing.
   */
  record(attempt: NewAttempt, audit: AuditEvent): Promise<void>;
  /** Newest first. */
  list(target: PublisherTarget, after: AttemptCursor | undefined, limit: number): Promise<readonly Attempt[]>;
}
