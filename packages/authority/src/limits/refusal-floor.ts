/** A refusal that is held back until its time has come. */
export interface HeldRefusal {
  /** Resolves when the floor has passed since `begin`. */
  readonly passed: Promise<void>;
  /** There is nothing to refuse. */
  cancel(): void;
}

const AT_ONCE: HeldRefusal = { passed: Promise.resolve(), cancel: () => {} };

/**
 * Makes refusals take at least so long, counted from a moment before the resource was looked at.
 *
 * The attack: comparing a token with a publisher takes some ten microseconds, which thousands of requests can tell from none, and with
 * them a repo that has publishers from one that is missing (trusted-publishing §3, 32; test `the time of a refusal`). The timer starts
 * before that work, so its end says nothing about it.
 */
export class RefusalFloor {
  readonly #milliseconds: number;

  /** @param milliseconds - More than the comparison with all publishers of one resource takes; 0: no floor. */
  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  begin(): HeldRefusal {
    if (this.#milliseconds === 0) return AT_ONCE;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#milliseconds);
    return { passed: promise, cancel: () => clearTimeout(timer) };
  }
}
