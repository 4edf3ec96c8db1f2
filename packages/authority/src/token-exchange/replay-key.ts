import { hash } from "node:crypto";
import { CLOCK_LEEWAY_SECONDS, type TokenTimes } from "@postern/core/claims/token-times";
import { type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";

const RETENTION_MARGIN_SECONDS = 60;
const MAX_JTI_LENGTH = 256;

/**
 * What one subject token is remembered by: its `jti`, or the SHA-256 of what was signed. The signature is left out, because an ECDSA
 * signature can be changed into another valid one.
 */
export function replayKeyOf(jti: string | undefined, signingInput: Uint8Array): string {
  return jti === undefined || jti.length > MAX_JTI_LENGTH ? hash("sha256", signingInput, "hex") : jti;
}

/**
 * Until when a spent token must be remembered: the leeway of verification and a margin past its last usable moment.
 *
 * Invariant: later than every moment at which `checkTokenTimes` accepts it (test `keeps a spent token longer than it can verify`).
 */
export function replayDeadline(times: TokenTimes): EpochSeconds {
  return epochSeconds(Math.ceil(times.usableUntil) + CLOCK_LEEWAY_SECONDS + RETENTION_MARGIN_SECONDS);
}
