const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/**
 * Milliseconds to wait before the next attempt.
 *
 * What the server asks for is the least that is waited, with some jitter on top so that a thousand jobs told `60` do not come
 * back in the same instant. The caller compares the result with its deadline, which is the cap.
 *
 * @param attempt - 1 after the first failure.
 * @param random - In [0, 1).
 */
export function retryDelay(attempt: number, headers: Headers | undefined, now: number, random: number): number {
  const backoff = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  const asked = headers === undefined ? undefined : askedDelay(headers, now);
  // `Retry-After: 0` must not become a hot loop.
  return Math.round(Math.max(asked ?? 0, backoff / 2) + (backoff / 2) * random);
}

/** Milliseconds from `Retry-After` (RFC 9110 §10.2.3, seconds or a date), else from the `t` of the Hub's `RateLimit` header. */
export function askedDelay(headers: Headers, now: number): number | undefined {
  const retryAfter = headers.get("retry-after")?.trim();
  if (retryAfter !== undefined && retryAfter !== "") {
    if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1000;
    // The standard's date form only: `Date.parse` also makes something of `-5`.
    const date = /^[A-Z][a-z]+, .+ GMT$/.test(retryAfter) ? Date.parse(retryAfter) : Number.NaN;
    if (!Number.isNaN(date)) return Math.max(0, date - now);
  }
  const window = /;\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "");
  return window?.[1] === undefined ? undefined : Number(window[1]) * 1000;
}
