import type { Clock } from "@postern/core/time/clock";

/** How often something may happen per key: at most `perMinute` at once, refilled evenly over a minute. 0: no limit. */
export interface BucketPolicy {
  /** Name of the limit, as `RateLimit` headers show it. */
  readonly name: string;
  readonly perMinute: number;
}

export type TakeOutcome =
  | { readonly kind: "taken" }
  | {
      readonly kind: "empty";
      readonly policy: BucketPolicy;
      /** Whole seconds until one more is allowed; at least 1. */
      readonly retryAfterSeconds: number;
      /** True once a minute per key: the moment to write it down, so that a flood does not fill the audit log. */
      readonly report: boolean;
    };

interface Bucket {
  tokens: number;
  refilledAt: number;
  reportedAt: number;
}

const TAKEN: TakeOutcome = { kind: "taken" };
/** About 1 MiB per limit at most; the key that was used longest ago goes first. */
const MAX_KEYS = 10_000;
const REPORT_INTERVAL_SECONDS = 60;

/** Token buckets, one per key, in bounded memory. A restart fills them all. */
export class TokenBuckets {
  readonly #policy: BucketPolicy;
  readonly #clock: Clock;
  readonly #maxKeys: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(policy: BucketPolicy, clock: Clock, maxKeys: number = MAX_KEYS) {
    this.#policy = policy;
    this.#clock = clock;
    this.#maxKeys = maxKeys;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Uses one up. */
  take(key: string): TakeOutcome {
    if (this.#policy.perMinute === 0) return TAKEN;
    const now = this.#clock.now();
    const bucket = this.#refilled(key, now);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return TAKEN;
    }
    const report = now - bucket.reportedAt >= REPORT_INTERVAL_SECONDS;
    if (report) bucket.reportedAt = now;
    const wait = ((1 - bucket.tokens) * 60) / this.#policy.perMinute;
    return { kind: "empty", policy: this.#policy, retryAfterSeconds: Math.max(1, Math.ceil(wait)), report };
  }

  /** Whether `take` would find one; uses nothing up and remembers no new key. */
  has(key: string): boolean {
    return (
      this.#policy.perMinute === 0 || !this.#buckets.has(key) || this.#refilled(key, this.#clock.now()).tokens >= 1
    );
  }

  #refilled(key: string, now: number): Bucket {
    const capacity = this.#policy.perMinute;
    const bucket = this.#buckets.get(key) ?? this.#make(capacity, now);
    // A clock that steps back refills nothing and takes nothing away.
    const elapsed = Math.max(0, now - bucket.refilledAt);
    bucket.tokens = Math.min(capacity, bucket.tokens + (elapsed * capacity) / 60);
    bucket.refilledAt = now;
    // Last in the map is used last.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #make(capacity: number, now: number): Bucket {
    if (this.#buckets.size >= this.#maxKeys) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return { tokens: capacity, refilledAt: now, reportedAt: Number.NEGATIVE_INFINITY };
  }
}
