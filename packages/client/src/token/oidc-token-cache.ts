import { isTransient } from "../error/oidc-error.ts";
import { boundLogin } from "../exchange/bound-login.ts";
import type { ExchangedToken } from "../exchange/exchanged-token.ts";
import { loginWith } from "../exchange/login-with.ts";
import { type CallOptions, DEFAULT_DEADLINE_MS, limitsOf, within } from "../http/call-limits.ts";
import type { IdTokenSource } from "../mint/provider-minter.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Seconds before its expiry at which a token is replaced, when a new id token can be had. */
const REFRESH_MARGIN_SECONDS = 300;

/** Seconds for which a token that is still good is served after a failed early refresh. */
const REFRESH_PAUSE_SECONDS = 30;

interface Entry {
  readonly token: ExchangedToken;
  /** All three in milliseconds since 1970-01-01T00:00:00Z. */
  readonly obtainedAt: number;
  readonly refreshAt: number;
  readonly expiresAt: number;
}

/** What a cached token is good for; the identity keeps two jobs' tokens apart in one process. */
export interface CachedLogin {
  readonly endpoint: string;
  readonly resource: string;
  readonly source: IdTokenSource;
  /** Whether the token should be bound to a key; such a one is of no use to whoever did not ask for it. */
  readonly dpop: boolean;
}

/**
 * Exchanged tokens of this process, in memory only.
 *
 * However many callers ask at once, one exchange runs per endpoint, resource and identity. It runs under its own deadline and
 * none of their signals: a caller that gives up must not take the others down, nor lose a token that is already paid for with
 * a single-use id token.
 */
export class OidcTokenCache {
  readonly #runtime: Runtime;
  readonly #entries: Map<string, Entry> = new Map();
  readonly #flights: Map<string, Promise<ExchangedToken>> = new Map();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** @throws {OidcError} as `loginWith`; the caller's abort reason. */
  async get(login: CachedLogin, options: CallOptions): Promise<ExchangedToken> {
    const key = JSON.stringify([login.endpoint, login.resource, login.source.identity, login.dpop]);
    const now = this.#runtime.now();
    const limits = limitsOf(options, now);
    limits.signal.throwIfAborted();
    const entry = this.#entries.get(key);
    // A clock that was set back would keep a dead token alive, so time before the exchange counts as stale.
    if (entry !== undefined && now >= entry.obtainedAt && now < entry.refreshAt) return entry.token;
    return within(this.#flight(key, login, options), limits, "The keyless login");
  }

  /** The next `get` logs in anew. */
  forget(token: string): void {
    for (const [key, entry] of this.#entries) if (entry.token.accessToken === token) this.#entries.delete(key);
  }

  #flight(key: string, login: CachedLogin, options: CallOptions): Promise<ExchangedToken> {
    const running = this.#flights.get(key);
    if (running !== undefined) return running;
    const flight = this.#login(key, login, options).finally(() => this.#flights.delete(key));
    // When every caller has given up, nobody is left to hear of a failure.
    flight.catch(() => undefined);
    this.#flights.set(key, flight);
    return flight;
  }

  async #login(key: string, login: CachedLogin, options: CallOptions): Promise<ExchangedToken> {
    const startedAt = this.#runtime.now();
    const deadlineMs = Math.max(DEFAULT_DEADLINE_MS, options.deadlineMs ?? 0);
    try {
      const { source, endpoint, resource } = login;
      const logIn = login.dpop ? boundLogin : loginWith;
      const token = await logIn(source, { endpoint, resource }, this.#runtime, limitsOf({ deadlineMs }, startedAt));
      this.#prune();
      this.#entries.set(key, entryFor(token, login.source.renewable, startedAt));
      return token;
    } catch (error) {
      const entry = this.#entries.get(key);
      const now = this.#runtime.now();
      // Still the same exchanged token, so nothing falls through; a refusal, though, is the server's last word.
      if (entry !== undefined && isTransient(error) && now >= entry.obtainedAt && now < entry.expiresAt) {
        this.#entries.set(key, { ...entry, refreshAt: Math.min(entry.expiresAt, now + REFRESH_PAUSE_SECONDS * 1000) });
        return entry.token;
      }
      this.#entries.delete(key);
      throw error;
    }
  }

  /** Forgets dead tokens, so that a long-lived process with changing id tokens does not collect them. */
  #prune(): void {
    const now = this.#runtime.now();
    for (const [key, entry] of this.#entries) if (now >= entry.expiresAt) this.#entries.delete(key);
  }
}

/** Life is counted from before the exchange: the answer's way back must not make a token look younger than it is. */
function entryFor(token: ExchangedToken, renewable: boolean, startedAt: number): Entry {
  const life = token.expiresInSeconds;
  // With a life of 300 s or less the whole margin would mean an exchange per call, so then half of the life is used.
  const margin = renewable ? Math.min(REFRESH_MARGIN_SECONDS, life / 2) : 0;
  return {
    token,
    obtainedAt: startedAt,
    refreshAt: startedAt + (life - margin) * 1000,
    expiresAt: startedAt + life * 1000,
  };
}
