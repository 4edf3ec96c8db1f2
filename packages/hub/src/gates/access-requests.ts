import type { AccessRequestStatus } from "@postern/core/access/file-access";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** That a person asked to read a gated repo, or was let in unasked, and what became of it. At most one per repo and person. */
export interface AccessRequest {
  /** The account's name in its stored spelling. */
  readonly user: string;
  readonly fullname: string;
  /** Told by asking; absent where somebody was let in without asking. */
  readonly email: string | undefined;
  readonly status: AccessRequestStatus;
  readonly requestedAt: EpochSeconds;
  readonly reviewedAt: EpochSeconds | undefined;
  /** The account that let them in; `undefined` where the gate did by itself. */
  readonly grantedBy: string | undefined;
  /** 1 to 200 characters; never shown to the person. */
  readonly rejectionReason: string | undefined;
  /** What they answered in the form. */
  readonly fields: Readonly<Record<string, string>> | undefined;
}

/** A page of requests, oldest first. */
export interface AccessRequestPage {
  readonly requests: readonly AccessRequest[];
  /** Give it back as `after`; `undefined` at the end. */
  readonly next: string | undefined;
}

/** Port: who asked for which gated repo. Names are compared without regard to case. Ends with its repo. */
export interface AccessRequests {
  find(repoId: string, user: string): Promise<AccessRequest | undefined>;
  /** All of them when `status` is `undefined`. `limit`: 1 to 1,000. A cursor that was not ours starts at the beginning. */
  list(
    repoId: string,
    query: {
      readonly status: AccessRequestStatus | undefined;
      readonly after: string | undefined;
      readonly limit: number;
    },
  ): Promise<AccessRequestPage>;
  /**
   * Stores a request if its status still is `expected` (`undefined`: there is none). Durable when it resolves; `changed` also when the
   * repo is gone.
   */
  put(repoId: string, request: AccessRequest, expected: AccessRequestStatus | undefined): Promise<"stored" | "changed">;
  /** Forgets a request that is `expected`. */
  remove(repoId: string, user: string, expected: AccessRequestStatus): Promise<"removed" | "changed">;
}
