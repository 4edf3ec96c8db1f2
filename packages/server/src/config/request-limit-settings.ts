import { ConfigError } from "./config-error.ts";

/** Requests that one caller may make per window of five minutes; 0 means any number. */
export interface RequestLimitSettings {
  /** Calls of the Hub's API with a valid token, per account or repo. */
  readonly api: number;
  /** The same without one, per address. */
  readonly apiAnonymous: number;
  /** Downloads of files with a valid token. */
  readonly resolve: number;
  readonly resolveAnonymous: number;
}

/** A whole download of 10,000 small files is 20,000 requests for files; nobody who works comes near these. */
const DEFAULTS: RequestLimitSettings = {
  api: 25_000,
  apiAnonymous: 5000,
  resolve: 250_000,
  resolveAnonymous: 50_000,
};

const NAMES: readonly (readonly [string, keyof RequestLimitSettings])[] = [
  ["api", "api"],
  ["api_anonymous", "apiAnonymous"],
  ["resolve", "resolve"],
  ["resolve_anonymous", "resolveAnonymous"],
];

export const REQUEST_LIMIT_NAMES: readonly string[] = NAMES.map(([name]) => name);

/** The request limits of the file, `undefined` when it names none. */
export function requestLimitsOfFile(
  read: (name: string) => number | undefined,
): Partial<RequestLimitSettings> | undefined {
  const limits: { -readonly [K in keyof RequestLimitSettings]?: number } = {};
  for (const [name, key] of NAMES) {
    const value = read(name);
    if (value !== undefined) limits[key] = value;
  }
  return Object.keys(limits).length === 0 ? undefined : limits;
}

/** @throws {ConfigError} naming the limit. */
export function parseRequestLimits(settings: Partial<RequestLimitSettings>): RequestLimitSettings {
  const limits = { ...DEFAULTS, ...settings };
  for (const [name, key] of NAMES) {
    const value = limits[key];
    if (Number.isInteger(value) && value >= 0 && value <= 100_000_000) continue;
    throw new ConfigError(
      `request_limits.${name}`,
      `must be a whole number from 0 (no limit) to 100000000, not ${value}`,
      `${name}: ${DEFAULTS[key]}`,
    );
  }
  return Object.freeze(limits);
}
