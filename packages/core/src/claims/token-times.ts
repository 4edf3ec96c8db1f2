import type { EpochSeconds } from "../time/epoch-seconds.ts";
import type { ClaimSet } from "./claim-set.ts";
import { readClaim } from "./read-claim.ts";

/**
 * How far clocks may differ, in seconds.
 *
 * Invariant: a spent token is remembered past every moment at which it could still verify, so replay storage adds this same constant
 * (`replay-deadline.ts`). If the two diverge, the token works twice (test `keeps a spent token longer than it can verify`).
 */
export const CLOCK_LEEWAY_SECONDS = 30;

export interface TokenTimes {
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The last moment at which the token may be accepted: `exp`, or `iat` + the preset's maximum age when that is earlier. */
  readonly usableUntil: number;
}

export type TimeVerdict =
  | { readonly kind: "valid"; readonly times: TokenTimes }
  | { readonly kind: "malformed"; readonly claim: "exp" | "iat" | "nbf" }
  | { readonly kind: "expired"; readonly secondsAgo: number }
  | { readonly kind: "not-yet-valid"; readonly secondsLeft: number }
  | { readonly kind: "issued-in-future"; readonly secondsAhead: number }
  | { readonly kind: "too-old"; readonly ageSeconds: number };

/** Judges `exp`, `nbf` and `iat` (RFC 7519 §4.1.4 to §4.1.6); `exp` and `iat` are required. */
export function checkTokenTimes(claims: ClaimSet, now: EpochSeconds, maxAgeSeconds: number): TimeVerdict {
  const exp = readClaim(claims, "exp");
  const iat = readClaim(claims, "iat");
  const nbf = readClaim(claims, "nbf");
  if (!isNumericDate(exp)) return { kind: "malformed", claim: "exp" };
  if (!isNumericDate(iat)) return { kind: "malformed", claim: "iat" };
  if (nbf !== undefined && !isNumericDate(nbf)) return { kind: "malformed", claim: "nbf" };
  if (now >= exp + CLOCK_LEEWAY_SECONDS) return { kind: "expired", secondsAgo: Math.floor(now - exp) };
  if (nbf !== undefined && now < nbf - CLOCK_LEEWAY_SECONDS)
    return { kind: "not-yet-valid", secondsLeft: Math.ceil(nbf - now) };
  if (now < iat - CLOCK_LEEWAY_SECONDS) return { kind: "issued-in-future", secondsAhead: Math.ceil(iat - now) };
  if (now >= iat + maxAgeSeconds + CLOCK_LEEWAY_SECONDS) return { kind: "too-old", ageSeconds: Math.floor(now - iat) };
  return {
    kind: "valid",
    times: { issuedAt: iat, expiresAt: exp, usableUntil: Math.min(exp, iat + maxAgeSeconds) },
  };
}

function isNumericDate(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
