import type { Issuer } from "@postern/core/issuer/issuer";
import type { SigningAlgorithm } from "@postern/core/provider/provider-preset";
import type { Clock } from "@postern/core/time/clock";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { IssuerKeyWatch } from "../../issuers/issuer-key-watch.ts";
import { chooseKey, type IssuerKey } from "../../issuers/key-set.ts";
import { thumbprintOfKey } from "../../issuers/key-thumbprint.ts";
import type { IssuerKeys, KeyLookup } from "../../token-exchange/issuer-keys.ts";
import { type DiscoveredKeys, discoverKeys } from "./discover-keys.ts";
import type { IssuerFetchOptions } from "./issuer-fetch.ts";
import { Turnstile } from "./turnstile.ts";
import { UploadedKeys } from "./uploaded-keys.ts";

/** All in seconds. */
const MIN_FRESH = 300;
const MAX_FRESH = 86_400;
const DEFAULT_FRESH = 900;
/** How long keys may be used past their last fetch while the issuer is down; a removed key dies with it at the latest. */
const MAX_STALE = 86_400;
/** Between two fetches that unknown keys caused. */
const UNKNOWN_KEY_COOLDOWN = 60;
const FIRST_FAILURE_COOLDOWN = 2;
const MAX_FAILURE_COOLDOWN = 300;
/** The part of their freshness after which keys are fetched again in the background, so that no good token waits for it. */
const REFRESH_AFTER = 0.8;
const UNKNOWN_KID_LIFE = 300;
const MAX_UNKNOWN_KIDS = 256;
/** Requests that go on in one turn of the event loop when the fetch that they waited for has ended. */
const RELEASED_PER_TURN = 4;

interface IssuerState {
  keys: readonly IssuerKey[] | undefined;
  fetchedAt: number;
  /** From then on a request causes a fetch, and does not wait for it. */
  refreshAt: number;
  freshUntil: number;
  failures: number;
  /** No fetch at all before this moment; set by failures. */
  retryAt: number;
  /** No fetch for an unknown key before this moment. */
  unknownKeyFetchAt: number;
  /** Until when a `kid` counts as looked up in vain. */
  readonly unknownKids: Map<string, number>;
  inFlight: Promise<void> | undefined;
}

export interface CachedIssuerKeysDeps extends IssuerFetchOptions {
  readonly clock: Clock;
  /** Sees every fetched key set before it is used; a throw keeps it from being used. */
  readonly watch?: Pick<IssuerKeyWatch, "see">;
  /** Told about a fetch that failed, for the log; never with a token. */
  readonly onFetchFailure?: (issuer: Issuer, cause: unknown) => void;
}

/**
 * Issuers' keys, fetched over HTTP and kept in memory.
 *
 * One fetch in flight per issuer; a cooldown after failures that doubles, and one between fetches that unknown keys cause, so that a
 * flood of invented `kid`s costs one fetch a minute; keys stay usable for a day while their issuer is down (trusted-publishing §3, 16
 * and 17).
 *
 * An issuer that hangs must not hold up anybody else: while it fails only the request that starts a fetch waits for its end, and those
 * who waited for a first fetch go on a few at a time.
 */
export class CachedIssuerKeys implements IssuerKeys {
  readonly #states = new Map<string, IssuerState>();
  readonly #deps: CachedIssuerKeysDeps;
  readonly #uploaded: UploadedKeys = new UploadedKeys();
  readonly #release: Turnstile = new Turnstile(RELEASED_PER_TURN);

  constructor(deps: CachedIssuerKeysDeps) {
    this.#deps = deps;
  }

  async find(
    issuer: Issuer,
    unverifiedKid: string | undefined,
    alg: SigningAlgorithm,
    askForUnknown = true,
  ): Promise<KeyLookup> {
    // Before anything that could reach the network: whoever uploads keys says that the issuer is not to be asked.
    if (issuer.keySet !== undefined) return this.#uploaded.find(issuer.id, issuer.keySet, unverifiedKid, alg);
    const state = this.#stateOf(issuer);
    const now = this.#deps.clock.now();
    if (now < state.freshUntil) {
      const found = amongKeys(issuer, state.keys, unverifiedKid, alg);
      if (found !== undefined) {
        if (now >= state.refreshAt) void this.#startFetch(issuer, state, now);
        return found;
      }
      if (!askForUnknown || !this.#mayAskForUnknown(state, unverifiedKid, now)) return notAmongKeys(state, now);
      state.unknownKeyFetchAt = now + UNKNOWN_KEY_COOLDOWN;
    } else if (state.failures > 0 && now < state.fetchedAt + MAX_STALE) {
      const found = amongKeys(issuer, state.keys, unverifiedKid, alg);
      if (found !== undefined) {
        void this.#startFetch(issuer, state, now);
        return found;
      }
    }
    await this.#refresh(issuer, state);
    return this.#answer(issuer, state, unverifiedKid, alg);
  }

  #answer(issuer: Issuer, state: IssuerState, kid: string | undefined, alg: SigningAlgorithm): KeyLookup {
    const now = this.#deps.clock.now();
    if (state.keys === undefined || now >= state.fetchedAt + MAX_STALE)
      return { kind: "unavailable", retryAfterSeconds: Math.max(1, state.retryAt - now) };
    const found = amongKeys(issuer, state.keys, kid, alg);
    if (found !== undefined) return found;
    if (kid !== undefined && state.failures === 0) rememberUnknown(state.unknownKids, kid, now);
    return notAmongKeys(state, now);
  }

  #mayAskForUnknown(state: IssuerState, kid: string | undefined, now: EpochSeconds): boolean {
    // Whoever came while a fetch was under way shares its answer.
    if (state.inFlight !== undefined) return true;
    if (kid === undefined || now < state.unknownKeyFetchAt || now < state.retryAt) return false;
    return now >= (state.unknownKids.get(kid) ?? 0);
  }

  /** Resolves when a fetch has ended, whatever came of it; starts none while cooling down. */
  async #refresh(issuer: Issuer, state: IssuerState): Promise<void> {
    const started = this.#startFetch(issuer, state, this.#deps.clock.now());
    if (started !== undefined) return started;
    if (state.inFlight === undefined || state.failures > 0) return;
    await state.inFlight;
    await this.#release.pass();
  }

  #startFetch(issuer: Issuer, state: IssuerState, now: EpochSeconds): Promise<void> | undefined {
    if (state.inFlight !== undefined || now < state.retryAt) return undefined;
    state.inFlight = this.#fetch(issuer, state).finally(() => {
      state.inFlight = undefined;
    });
    return state.inFlight;
  }

  async #fetch(issuer: Issuer, state: IssuerState): Promise<void> {
    try {
      const found = await discoverKeys(issuer, this.#deps);
      await this.#deps.watch?.see(issuer, found.keys);
      this.#accept(state, found);
    } catch (cause) {
      const now = this.#deps.clock.now();
      state.failures += 1;
      state.retryAt = now + Math.min(FIRST_FAILURE_COOLDOWN * 2 ** (state.failures - 1), MAX_FAILURE_COOLDOWN);
      this.#deps.onFetchFailure?.(issuer, cause);
    }
  }

  #accept(state: IssuerState, { keys, maxAgeSeconds }: DiscoveredKeys): void {
    const now = this.#deps.clock.now();
    state.keys = keys;
    state.fetchedAt = now;
    const fresh = Math.min(Math.max(maxAgeSeconds ?? DEFAULT_FRESH, MIN_FRESH), MAX_FRESH);
    state.refreshAt = now + fresh * REFRESH_AFTER;
    state.freshUntil = now + fresh;
    state.failures = 0;
    state.retryAt = 0;
    for (const { kid } of keys) if (kid !== undefined) state.unknownKids.delete(kid);
  }

  /** By row, not by URL: an issuer that is removed and added again with other permissions starts from nothing. */
  #stateOf(issuer: Issuer): IssuerState {
    const known = this.#states.get(issuer.id);
    if (known !== undefined) return known;
    const state: IssuerState = {
      keys: undefined,
      fetchedAt: 0,
      refreshAt: 0,
      freshUntil: 0,
      failures: 0,
      retryAt: 0,
      unknownKeyFetchAt: 0,
      unknownKids: new Map(),
      inFlight: undefined,
    };
    this.#states.set(issuer.id, state);
    return state;
  }
}

/** The row says which keys are confirmed, and it is read for every token: a confirmation counts from the next one on. */
function amongKeys(
  { confirmedKeys }: Issuer,
  keys: readonly IssuerKey[] | undefined,
  kid: string | undefined,
  alg: SigningAlgorithm,
): KeyLookup | undefined {
  const usable =
    confirmedKeys === undefined ? keys : keys?.filter((key) => confirmedKeys.includes(thumbprintOfKey(key)));
  const key = chooseKey(usable, kid, alg);
  if (key !== undefined) return { kind: "key", key };
  const held = confirmedKeys === undefined ? undefined : chooseKey(keys, kid, alg);
  return held === undefined ? undefined : { kind: "held-key", key: held };
}

/** While the issuer does not answer, a key that is not among the old ones may be a new one: the caller shall come again. */
function notAmongKeys({ failures, retryAt }: IssuerState, now: EpochSeconds): KeyLookup {
  if (failures === 0) return { kind: "unknown-key" };
  return { kind: "unavailable", retryAfterSeconds: Math.max(1, retryAt - now) };
}

function rememberUnknown(unknownKids: Map<string, number>, kid: string, now: EpochSeconds): void {
  if (unknownKids.size >= MAX_UNKNOWN_KIDS) {
    const [oldest] = unknownKids.keys();
    if (oldest !== undefined) unknownKids.delete(oldest);
  }
  unknownKids.set(kid, now + UNKNOWN_KID_LIFE);
}
