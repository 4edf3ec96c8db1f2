import type { Clock } from "@postern/core/time/clock";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** Length of a window, in seconds; the one that the Hub names. */
export const WINDOW_SECONDS = 300;
/** Callers that are remembered; of more, the one whose window began longest ago is forgotten. */
const MAX_CALLERS = 20_000;

/** What is left to a caller after a request was counted. */
export interface Remaining {
  readonly allowed: boolean;
  readonly left: number;
  /** Seconds until the caller's window ends; at least 1. */
  readonly resetSeconds: number;
}

/** Counts requests per caller in fixed windows, each beginning with the caller's first request. In memory of one process. */
export class RequestWindows {
  readonly #clock: Clock;
  readonly #windows = new Map<string, { readonly startedAt: EpochSeconds; used: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param quota - Requests per window, above 0. */
  count(caller: string, quota: number): Remaining {
    const now = this.#clock.now();
    const known = this.#windows.get(caller);
    const age = known === undefined ? WINDOW_SECONDS : now - known.startedAt;
    // A clock that was set back must not prolong a window for ever.
    const isCurrent = age >= 0 && age < WINDOW_SECONDS;
    const window = known !== undefined && isCurrent ? known : this.#begin(caller, now);
    const allowed = window.used < quota;
    if (allowed) window.used += 1;
    const resetSeconds = Math.max(1, WINDOW_SECONDS - (now - window.startedAt));
    return { allowed, left: quota - window.used, resetSeconds };
  }

  #begin(caller: string, startedAt: EpochSeconds): { readonly startedAt: EpochSeconds; used: number } {
    this.#windows.delete(caller);
    if (this.#windows.size >= MAX_CALLERS) {
      const oldest = this.#windows.keys().next().value;
      if (oldest !== undefined) this.#windows.delete(oldest);
    }
    const window = { startedAt, used: 0 };
    this.#windows.set(caller, window);
    return window;
  }
}
