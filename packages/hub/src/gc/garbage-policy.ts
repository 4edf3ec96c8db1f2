/** What the garbage collector waits for. */
export interface GarbagePolicy {
  /** Seconds for which an object that was uploaded or claimed is left alone, whatever the refs say: far longer than any commit takes. */
  readonly graceSeconds: number;
  /** Seconds between putting aside and removal; at least `MIN_QUARANTINE_SECONDS`. */
  readonly quarantineSeconds: number;
  /** Objects that one run puts aside, and that it removes. */
  readonly maxObjects: number;
}

const DAY_SECONDS = 86_400;

/** Time to notice that something is missing. */
export const MIN_QUARANTINE_SECONDS: number = 7 * DAY_SECONDS;

/** A day of grace, a week aside. */
export const DEFAULT_GARBAGE_POLICY: GarbagePolicy = {
  graceSeconds: DAY_SECONDS,
  quarantineSeconds: MIN_QUARANTINE_SECONDS,
  maxObjects: 100_000,
};
