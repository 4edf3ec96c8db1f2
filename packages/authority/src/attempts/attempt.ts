import type { IssuerUrl } from "@postern/core/issuer/issuer-url";
import type { ProviderId } from "@postern/core/provider/provider-id";
import type { ClaimValue, PublisherTarget } from "@postern/core/publisher/publisher";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** One configured claim held against what a job sent, cut and escaped so that it can be stored and shown. */
export interface AttemptCheck {
  readonly claim: string;
  readonly expected: ClaimValue;
  /** `null` when the token had no such claim. */
  readonly got: ClaimValue | null;
  readonly ok: boolean;
}

/** A refused exchange as the resource's owner sees it. Only tokens whose issuer vouched for them leave one. */
export interface NewAttempt {
  readonly target: PublisherTarget;
  /** Equal for attempts that differ only in their time and their run. SHA-256, hex. */
  readonly sameAs: string;
  readonly provider: ProviderId;
  readonly issuer: IssuerUrl;
  /** Stable code of the refusal. */
  readonly code: string;
  readonly message: string;
  /** What the job sent, in the shape in which a publisher is configured. */
  readonly claims: Readonly<Record<string, ClaimValue>>;
  readonly checks: readonly AttemptCheck[];
  /** The publisher whose immutable id the job proved. */
  readonly publisherId: string | undefined;
  readonly runUrl: string | undefined;
  readonly at: EpochSeconds;
}

/** Equal attempts, counted. */
export interface Attempt extends Omit<NewAttempt, "sameAs" | "target"> {
  readonly id: number;
  readonly firstAt: EpochSeconds;
  readonly count: number;
}
