import { ConfigError } from "./config-error.ts";

/** What one address may hold open, and how slowly a body may come; 0 switches a limit off. */
export interface ConnectionSettings {
  /** Connections at once per address (IPv6: /64); reverse proxies that are trusted may have any number. */
  readonly perAddress: number;
  /** Seconds of waiting for a body before its rate counts. */
  readonly bodyGraceSeconds: number;
  /** Bytes that a body must bring per second of waiting, on average since it began. */
  readonly bodyBytesPerSecond: number;
}

/** A modem of the nineties sends more than 1 KiB a second; a company behind one address opens fewer connections than 1,024. */
const DEFAULTS: ConnectionSettings = { perAddress: 1024, bodyGraceSeconds: 60, bodyBytesPerSecond: 1024 };

const NAMES: readonly (readonly [string, keyof ConnectionSettings])[] = [
  ["per_address", "perAddress"],
  ["body_grace_seconds", "bodyGraceSeconds"],
  ["body_bytes_per_second", "bodyBytesPerSecond"],
];

export const CONNECTION_SETTING_NAMES: readonly string[] = NAMES.map(([name]) => name);

/** The connection limits of the file, `undefined` when it names none. */
export function connectionsOfFile(read: (name: string) => number | undefined): Partial<ConnectionSettings> | undefined {
  const settings: { -readonly [K in keyof ConnectionSettings]?: number } = {};
  for (const [name, key] of NAMES) {
    const value = read(name);
    if (value !== undefined) settings[key] = value;
  }
  return Object.keys(settings).length === 0 ? undefined : settings;
}

/** @throws {ConfigError} naming the limit. */
export function parseConnections(given: Partial<ConnectionSettings>): ConnectionSettings {
  const settings = { ...DEFAULTS, ...given };
  for (const [name, key] of NAMES) {
    const value = settings[key];
    if (Number.isInteger(value) && value >= 0 && value <= 1_000_000) continue;
    throw new ConfigError(
      `connections.${name}`,
      `must be a whole number from 0 to 1000000, not ${value}`,
      `${name}: ${DEFAULTS[key]}`,
    );
  }
  return Object.freeze(settings);
}
