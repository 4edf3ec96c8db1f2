import type { LimitSettings } from "@postern/authority";
import { ConfigError } from "./config-error.ts";

/** Enough for a person who looks for a mistake, too little for somebody who searches names. */
const DEFAULTS: LimitSettings = {
  refusedPerMinute: 60,
  dryRunsPerMinute: 60,
  unknownKeysPerMinute: 6,
  grantsPerMinute: 0,
  tokenFailures: 20,
  refusalFloorMs: 10,
};

/** The keys under `limits:` in the file, and what each is called in the program. */
const NAMES: readonly (readonly [string, keyof LimitSettings])[] = [
  ["refused_per_minute", "refusedPerMinute"],
  ["dry_runs_per_minute", "dryRunsPerMinute"],
  ["unknown_keys_per_minute", "unknownKeysPerMinute"],
  ["grants_per_minute", "grantsPerMinute"],
  ["token_failures", "tokenFailures"],
  ["refusal_floor_ms", "refusalFloorMs"],
];

export const LIMIT_NAMES: readonly string[] = NAMES.map(([name]) => name);

/** The limits of the file, `undefined` when it names none; what it does not name is left to the defaults. */
export function limitsOfFile(read: (name: string) => number | undefined): Partial<LimitSettings> | undefined {
  const limits: { -readonly [K in keyof LimitSettings]?: number } = {};
  for (const [name, key] of NAMES) {
    const value = read(name);
    if (value !== undefined) limits[key] = value;
  }
  return Object.keys(limits).length === 0 ? undefined : limits;
}

/** @throws {ConfigError} naming the limit. */
export function parseLimits(settings: Partial<LimitSettings>): LimitSettings {
  const limits = { ...DEFAULTS, ...settings };
  for (const [name, key] of NAMES) {
    const value = limits[key];
    if (!Number.isInteger(value) || value < 0 || value > 1_000_000)
      throw new ConfigError(
        `limits.${name}`,
        `must be a whole number from 0 (no limit) to 1000000, not ${value}`,
        `${name}: ${DEFAULTS[key]}`,
      );
  }
  return Object.freeze(limits);
}
