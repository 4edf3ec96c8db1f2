import { DEFAULT_GARBAGE_POLICY, type GarbagePolicy, MIN_QUARANTINE_SECONDS } from "@postern/hub";
import { ConfigError } from "./config-error.ts";

/** Garbage collection of large files, as far as it was told. */
export interface GarbageSettings {
  readonly gcEnabled?: boolean | undefined;
  readonly gcEveryHours?: number | undefined;
  readonly gcGraceHours?: number | undefined;
  readonly gcQuarantineDays?: number | undefined;
  readonly gcMaxObjects?: number | undefined;
}

export interface GarbageConfig {
  readonly policy: GarbagePolicy;
  /** Seconds from one run to the next; `undefined`: only when an administrator asks. */
  readonly everySeconds: number | undefined;
}

/** @throws {ConfigError} naming the setting. */
export function parseGarbage(settings: GarbageSettings): GarbageConfig {
  const everyHours = whole("storage.gc.every_hours", settings.gcEveryHours, 24, 1, 24 * 30);
  const graceHours = whole(
    "storage.gc.grace_hours",
    settings.gcGraceHours,
    DEFAULT_GARBAGE_POLICY.graceSeconds / 3600,
    1,
    24 * 365,
  );
  const leastDays = MIN_QUARANTINE_SECONDS / 86_400;
  const days = whole("storage.gc.quarantine_days", settings.gcQuarantineDays, leastDays, leastDays, 3650);
  const maxObjects = whole(
    "storage.gc.max_objects",
    settings.gcMaxObjects,
    DEFAULT_GARBAGE_POLICY.maxObjects,
    1,
    10_000_000,
  );
  return Object.freeze({
    policy: { graceSeconds: graceHours * 3600, quarantineSeconds: days * 86_400, maxObjects },
    everySeconds: settings.gcEnabled === false ? undefined : everyHours * 3600,
  });
}

function whole(setting: string, value: number | undefined, fallback: number, least: number, most: number): number {
  const chosen = value ?? fallback;
  if (Number.isInteger(chosen) && chosen >= least && chosen <= most) return chosen;
  const name = setting.split(".").at(-1) ?? setting;
  throw new ConfigError(
    setting,
    `must be a whole number from ${least} to ${most}, not ${chosen}`,
    `${name}: ${fallback}`,
  );
}
