import { hash } from "node:crypto";
import type { Clock } from "@postern/core/time/clock";
import { DPOP_WINDOW_SECONDS } from "./verify-dpop-proof.ts";

/** Proofs that are remembered at once, about 100 bytes each: four thousand a second for as long as one can be valid. */
const MAX_REMEMBERED = 500_000;

/** `full`: nothing is known about the proof, and nothing more can be remembered for a while. */
export type ProofUse = "new" | "used" | "full";

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

  /** `new` the first time. Only proofs that were verified belong here, so that strangers cannot fill the memory. */
  claim(thumbprint: string, jti: string): ProofUse {
    const now = this.#clock.now();
    // Insertion order is the order of ends, so the sweep stops at the first that is still needed.
    for (const [key, end] of this.#seen) {
      if (end >= now) break;
      this.#seen.delete(key);
    }
    // A jti may have 128 characters; 128 bits of a digest are enough to tell proofs apart.
    const key = hash("sha256", `${thumbprint} ${jti}`, "base64url").slice(0, 22);
    if (this.#seen.has(key)) return "used";
    if (this.#seen.size >= this.#max) return "full";
    this.#seen.set(key, now + 2 * DPOP_WINDOW_SECONDS);
    return "new";
  }
}
