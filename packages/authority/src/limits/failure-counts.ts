import type { Clock } from "@postern/core/time/clock";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** Subject tokens that are remembered; the one that failed longest ago goes first. About 2 MiB. */
const MAX_TOKENS = 10_000;

interface Failures {
  count: number;
  readonly until: number;
}

/**
 * How often each subject token was refused since the start, in bounded memory.
 *
 * A failed match does not spend a token, so without a cap one token could ask for resource after resource until it expires
 * (trusted-publishing §3, 14).
 */
export class FailureCounts {
  readonly #cap: number;
  readonly #clock: Clock;
  readonly #maxTokens: number;
  readonly #failures = new Map<string, Failures>();

  /** @param cap - Refusals after which a token is refused as such; 0: no cap. */
  constructor(cap: number, clock: Clock, maxTokens: number = MAX_TOKENS) {
    this.#cap = cap;
    this.#clock = clock;
    this.#maxTokens = maxTokens;
  }

  /** How many tokens are remembered. */
  get size(): number {
    return this.#failures.size;
  }

  exceeded(issuer: string, replayKey: string): boolean {
    // Nearly always empty on the way of a good token.
    if (this.#cap === 0 || this.#failures.size === 0) return false;
    return (this.#failures.get(keyOf(issuer, replayKey))?.count ?? 0) >= this.#cap;
  }

  /** @param until - When the token is of no use any more. */
  add(issuer: string, replayKey: string, until: EpochSeconds): void {
    if (this.#cap === 0) return;
    const key = keyOf(issuer, replayKey);
    const known = this.#failures.get(key);
    const count = (known?.count ?? 0) + 1;
    this.#failures.delete(key);
    this.#forgetOldest();
    this.#failures.set(key, { count, until });
  }

  #forgetOldest(): void {
    const now = this.#clock.now();
    for (const [key, { until }] of this.#failures) {
      if (until >= now && this.#failures.size < this.#maxTokens) return;
      this.#failures.delete(key);
    }
  }
}

/** The token's real issuer is part of it: two issuers may use the same `jti`. A line feed cannot be in an issuer's URL. */
function keyOf(issuer: string, replayKey: string): string {
  return `${issuer}\n${replayKey}`;
}
