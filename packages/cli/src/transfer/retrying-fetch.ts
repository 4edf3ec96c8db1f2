import { setTimeout as wait } from "node:timers/promises";

export interface RetryOptions {
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

/** Tries, the first one included. */
const TRIES = 5;

/** Methods that may be sent twice without doing anything twice (RFC 9110 §9.2.2). A commit is a POST: it is never repeated. */
const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT"]);

/** The same that the Python client tries again on (hub-wire §1.2). */
const TRANSIENT: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Longest wait that a server may ask for, in seconds. */
const LONGEST_WAIT = 60;

/** `fetch` that tries again, later and later, when the failure may pass by itself; `Retry-After` is honoured. */
export function retryingFetch(send: typeof fetch, options: RetryOptions): typeof fetch {
  const sleep = options.sleep ?? ((milliseconds, signal) => wait(milliseconds, undefined, { signal }));
  return async (input, init) => {
    if (!REPEATABLE.has(init?.method ?? "GET")) return send(input, init);
    for (let attempt = 1; ; attempt++) {
      const last = attempt === TRIES;
      try {
        const response = await send(input, init);
        if (last || !TRANSIENT.has(response.status)) return response;
        await response.body?.cancel();
        await sleep(delayOf(response, attempt), options.signal);
      } catch (error) {
        if (last || options.signal.aborted || init?.signal?.aborted === true || !mayPass(error)) throw error;
        await sleep(delayOf(undefined, attempt), options.signal);
      }
    }
  };
}

function delayOf(response: Response | undefined, attempt: number): number {
  const asked = Number(response?.headers.get("retry-after") ?? Number.NaN);
  if (Number.isFinite(asked) && asked >= 0) return Math.min(asked, LONGEST_WAIT) * 1000;
  return 500 * 2 ** (attempt - 1);
}

/** A broken connection may pass; nobody listening, or no such host, is better said at once. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof TypeError)) return false;
  const cause = error.cause;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return code !== "ECONNREFUSED" && code !== "ENOTFOUND" && cause !== undefined;
}
