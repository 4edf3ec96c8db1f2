import type { EpochSeconds } from "./epoch-seconds.ts";

/** The time of day, passed in wherever a decision depends on it, so that tests need no waiting. */
export interface Clock {
  now(): EpochSeconds;
}
