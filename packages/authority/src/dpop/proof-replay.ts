import type { Clock } from "@postern/core/time/clock";
import { DPOP_WINDOW_SECONDS } from "./verify-dpop-proof.ts";

/** Proofs that are remembered at once: a thousand a second for as long as one can be valid. */
const MAX_REMEMBERED = 120_000;

/**
 * Which proofs were seen (RFC 9449 §11.1), in memory: a proof is valid for two minutes, and a restart takes longer than an attack gains.
 *
 * Full, it refuses: forgetting a proof early would let it be used twice.
 */
export class ProofReplay {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #seen = new Map<string, number>();

  constructor(clock: Clock, max: number = MAX_REMEMBERED) {
    this.#clock = clock;
    this.#max = max;
  }

  /** True the first time. */
  claim(thumbprint: string, jti: string): boolean {
    const now = this.#clock.now();
    // Insertion order is the order of ends, so the sweep stops at the first that is still needed.
    for (const [key, end] of this.#seen) {
      if (end >= now) break;
      this.#seen.delete(key);
    }
    const key = `${thumbprint} ${jti}`;
    if (this.#seen.has(key) || this.#seen.size >= this.#max) return false;
    this.#seen.set(key, now + 2 * DPOP_WINDOW_SECONDS);
    return true;
  }
}
