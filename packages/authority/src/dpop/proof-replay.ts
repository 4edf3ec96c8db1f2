import { hash } from "node:crypto";
import type { Clock } from "@postern/core/time/clock";
import { DPOP_WINDOW_SECONDS } from "./verify-dpop-proof.ts";

/** Proofs that are remembered at once, about 100 bytes each: four thousand a second for as long as one can be valid. */
const MAX_REMEMBERED = 500_000;

/** Proofs are forgotten together with all others whose `iat` is in the same span, in seconds. */
const SPAN_SECONDS = DPOP_WINDOW_SECONDS;

/**
 * `full`: nothing is known about the proof, and nothing more can be remembered for a while. `forgotten`: proofs of its age were forgotten,
 * and the clock has been set back since, so it may have been used.
 */
export type ProofUse = "new" | "used" | "full" | "forgotten";

/** What tells one verified proof from another. */
export interface ProofIdentity {
  readonly thumbprint: string;
  readonly jti: string;
  /** Its `iat`, in seconds since 1970; need not be whole. */
  readonly issuedAt: number;
}

/**
 * Which proofs were seen (RFC 9449 §11.1), in memory: a proof is valid for two minutes, and a restart takes longer than an attack gains.
 *
 * Full, it refuses: forgetting a proof early would let it be used twice. What the clock made too old stays refused when the clock is set
 * back (verify-dpop-proof.test.ts). Only a clock that stood ahead when proofs were forgotten makes honest ones wait, a span at most.
 */
export class ProofReplay {
  readonly #clock: Clock;
  readonly #max: number;
  /** By span of `iat`, not in the order of arrival: after the clock was set back, later proofs are the first to end. */
  readonly #seen = new Map<number, Set<string>>();
  #remembered = 0;
  /** No proof issued before is taken. Only rises. */
  #forgottenUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, max: number = MAX_REMEMBERED) {
    this.#clock = clock;
    this.#max = max;
  }

  /** `new` the first time. Only proofs that were verified belong here, so that strangers cannot fill the memory. */
  claim({ thumbprint, jti, issuedAt }: ProofIdentity): ProofUse {
    this.#forgetInvalid();
    // A jti may have 128 characters; 128 bits of a digest are enough to tell proofs apart.
    const key = hash("sha256", `${thumbprint} ${jti}`, "base64url").slice(0, 22);
    const span = Math.floor(issuedAt / SPAN_SECONDS);
    if (this.#seen.get(span)?.has(key) === true) return "used";
    if (issuedAt < this.#forgottenUntil) return "forgotten";
    if (this.#remembered >= this.#max) return "full";
    this.#seen.set(span, (this.#seen.get(span) ?? new Set()).add(key));
    this.#remembered += 1;
    return "new";
  }

  #forgetInvalid(): void {
    const oldest = this.#clock.now() - DPOP_WINDOW_SECONDS;
    for (const [span, keys] of this.#seen) {
      const end = (span + 1) * SPAN_SECONDS;
      if (end > oldest) continue;
      this.#seen.delete(span);
      this.#remembered -= keys.size;
      this.#forgottenUntil = Math.max(this.#forgottenUntil, end);
    }
  }
}
