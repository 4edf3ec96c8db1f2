import { OidcError } from "../error/oidc-error.ts";

/** Milliseconds that a call may take in all, retries included, unless the caller says otherwise. */
export const DEFAULT_DEADLINE_MS = 30_000;

/** How long a call may go on; every function that may wait on the network takes these. */
export interface CallOptions {
  /** Stops the call; it then rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole call, retries included; default 30 000. */
  readonly deadlineMs?: number | undefined;
}

/** The caller's signal and the deadline as one, and when the deadline falls due. */
export interface CallLimits {
  readonly signal: AbortSignal;
  /** The deadline alone, to tell it from a caller's own timeout. */
  readonly deadline: AbortSignal;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly endsAt: number;
}

/** @throws {OidcError} `invalid_option` for a deadline that is no positive number. */
export function limitsOf(options: CallOptions, now: number): CallLimits {
  const milliseconds = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  // Node's timers wrap around above 2^31-1 and would fire at once.
  if (!(milliseconds > 0 && milliseconds <= 2_147_483_647)) {
    throw new OidcError("invalid_option", "deadlineMs must be a number of milliseconds above 0 and below 2^31.");
  }
  const deadline = AbortSignal.timeout(Math.ceil(milliseconds));
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  return { signal, deadline, endsAt: now + milliseconds };
}

/** The same limits with an earlier deadline of their own, for one part of a call. */
export function shortened(limits: CallLimits, milliseconds: number, now: number): CallLimits {
  const deadline = AbortSignal.timeout(milliseconds);
  const signal = AbortSignal.any([limits.signal, deadline]);
  return { signal, deadline, endsAt: Math.min(limits.endsAt, now + milliseconds) };
}

/**
 * What to throw after a wait was cut short: the caller's own reason, or ours when the deadline passed.
 *
 * @param what - What was being waited for, to end the sentence "… took too long".
 */
export function cutShort({ signal, deadline }: CallLimits, what: string): unknown {
  const reason: unknown = signal.reason;
  if (deadline.aborted && reason === deadline.reason) {
    return new OidcError("timed_out", `${what} took too long. Try again, or allow more time with deadlineMs.`);
  }
  return reason;
}

/** Settles with `promise`, or rejects as soon as the signal aborts; the promise itself goes on. */
export async function within<T>(promise: Promise<T>, limits: CallLimits, what: string): Promise<T> {
  const { signal } = limits;
  if (signal.aborted) throw cutShort(limits, what);
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(cutShort(limits, what));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
