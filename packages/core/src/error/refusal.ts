/** What leaves the building when a request is refused; rendered in one place, at the HTTP edge. */
export interface RefusalWire {
  readonly status: number;
  /** Extra response headers, names in lower case. `X-Request-Id` and `X-Error-Message` are added by the edge. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON body; the edge adds `request_id`. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface RefusalOptions {
  /** Private, structured: goes to the log and the audit entry, never to the caller. No tokens in it. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * A request that is refused for a reason we can name.
 *
 * `message` is safe for anyone to read. Whatever is thrown and is no `Refusal` becomes a 500 with no words of its own.
 */
export abstract class Refusal extends Error {
  /** Stable, for machines and tests: `invalid_grant`, `RepoNotFound`, `TP1802`. */
  abstract readonly code: string;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(message: string, options: RefusalOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.detail = options.detail ?? {};
  }

  abstract wire(): RefusalWire;
}
