import { HubError } from "@postern/core/error/hub-error";

/** Milliseconds that a transfer waits for a turn before it is told to come back. */
const PATIENCE_MS = 20_000;

/** How many git transfers run at a time: each holds processes, file handles and memory outside of ours. */
export class TransferSlots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * @returns what gives the turn back; calling it again does nothing.
   * @throws {HubError} 503 `Unavailable`; the signal's reason.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    };
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const timer = setTimeout(
      () =>
        reject(
          new HubError(503, "Unavailable", "Too many git transfers are under way. Try again in a minute.", {
            headers: { "retry-after": "60" },
          }),
        ),
      PATIENCE_MS,
    );
    const leave = (): void => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      this.#waiting.delete(resolve);
    }
  }
}
