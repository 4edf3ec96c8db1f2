import type { Brand } from "../brand/brand.ts";

/** Whole seconds since 1970-01-01T00:00:00Z, as `NumericDate` in RFC 7519 §2 (without its fractions). */
export type EpochSeconds = Brand<number, "EpochSeconds">;

/** Rounds down to whole seconds. @throws {RangeError} when `value` is not a finite, non-negative number. */
export function epochSeconds(value: number): EpochSeconds {
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`not a time in seconds: ${value}`);
  return Math.floor(value) as EpochSeconds;
}

/** `time` moved by `seconds`, which may be negative. */
export function addSeconds(time: EpochSeconds, seconds: number): EpochSeconds {
  return epochSeconds(time + seconds);
}

/** ISO 8601 in UTC with a `Z`, for example `2026-11-21T11:00:00.000Z`. */
export function toIsoTime(time: EpochSeconds): string {
  return new Date(time * 1000).toISOString();
}
