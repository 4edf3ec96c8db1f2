import type { Clock } from "@postern/core/time/clock";
import { epochSeconds } from "@postern/core/time/epoch-seconds";

/** The machine's own time of day. */
export const systemClock: Clock = { now: () => epochSeconds(Date.now() / 1000) };
