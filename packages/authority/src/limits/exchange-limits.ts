import type { Clock } from "@postern/core/time/clock";
import { addressKeyOf } from "./address-key.ts";
import { FailureCounts } from "./failure-counts.ts";
import { RefusalFloor } from "./refusal-floor.ts";
import { type TakeOutcome, TokenBuckets } from "./token-buckets.ts";

/** The limits of the exchange (docs/reference/configuration.md). 0 means none. */
export interface LimitSettings {
  /** Refused exchanges per minute and source address that are answered, written down and explained. */
  readonly refusedPerMinute: number;
  /** Dry runs per minute and source address. */
  readonly dryRunsPerMinute: number;
  /** Tokens with an unknown key id per minute and source address for which an issuer may be asked again. */
  readonly unknownKeysPerMinute: number;
  /** Granted exchanges per minute and publisher. */
  readonly grantsPerMinute: number;
  /** Refusals after which a subject token is refused as such. */
  readonly tokenFailures: number;
  /** Shortest time, in milliseconds, in which a verified token is refused a resource. */
  readonly refusalFloorMs: number;
}

/** Nothing is limited. */
export const NO_LIMITS: LimitSettings = {
  refusedPerMinute: 0,
  dryRunsPerMinute: 0,
  unknownKeysPerMinute: 0,
  grantsPerMinute: 0,
  tokenFailures: 0,
  refusalFloorMs: 0,
};

/**
 * Counters of one process. A refused request uses up its address's share; a good token is never counted against its address, so that
 * one broken job behind a shared address does not stop the others.
 */
export class ExchangeLimits {
  readonly #refused: TokenBuckets;
  readonly #dryRuns: TokenBuckets;
  readonly #unknownKeys: TokenBuckets;
  readonly #grants: TokenBuckets;
  readonly failures: FailureCounts;
  readonly floor: RefusalFloor;

  constructor(settings: LimitSettings, clock: Clock) {
    this.#refused = new TokenBuckets({ name: "refused", perMinute: settings.refusedPerMinute }, clock);
    this.#dryRuns = new TokenBuckets({ name: "dry-run", perMinute: settings.dryRunsPerMinute }, clock);
    this.#unknownKeys = new TokenBuckets({ name: "unknown-key", perMinute: settings.unknownKeysPerMinute }, clock);
    this.#grants = new TokenBuckets({ name: "publisher", perMinute: settings.grantsPerMinute }, clock);
    this.floor = new RefusalFloor(settings.refusalFloorMs);
    this.failures = new FailureCounts(settings.tokenFailures, clock);
  }

  takeRefused(address: string | undefined): TakeOutcome {
    return this.#refused.take(addressKeyOf(address));
  }

  takeDryRun(address: string | undefined): TakeOutcome {
    return this.#dryRuns.take(addressKeyOf(address));
  }

  takeGrant(publisherId: string): TakeOutcome {
    return this.#grants.take(publisherId);
  }

  /** May a key id that is not known cause a question to the issuer? Asked for every token, so it uses nothing up. */
  mayAskForUnknownKey(address: string | undefined): boolean {
    return this.#unknownKeys.has(addressKeyOf(address));
  }

  noteUnknownKey(address: string | undefined): void {
    this.#unknownKeys.take(addressKeyOf(address));
  }
}
