import { addSeconds, type EpochSeconds } from "@postern/core/time/epoch-seconds";

/** How long a verifier may keep our key set, in seconds: `max-age` of `/oauth/jwks`. */
export const KEY_SET_MAX_AGE_SECONDS = 300;

/**
 * How long a new key is published before it signs, in seconds.
 *
 * Invariant: longer than `KEY_SET_MAX_AGE_SECONDS`, or a verifier with a cached key set would refuse a good token (key-rotation.test.ts).
 */
export const KEY_OVERLAP_SECONDS = 600;

/** How long a key stays published after it signed for the last time, in seconds: the longest life of a token, and a margin for clocks. */
export const KEY_AFTERLIFE_SECONDS = 3900;

/** Where a signing key is in its life; published in all of them but the last. */
export type KeyStage = "next" | "signing" | "retired" | "gone";

/** A function of time alone, so that a restart at any moment goes on where the last process stopped. */
export function keyStageAt(
  key: { readonly signsFrom: EpochSeconds; readonly retiredAt: EpochSeconds | undefined },
  now: EpochSeconds,
): KeyStage {
  if (key.signsFrom > now) return "next";
  if (key.retiredAt === undefined || key.retiredAt > now) return "signing";
  return addSeconds(key.retiredAt, KEY_AFTERLIFE_SECONDS) > now ? "retired" : "gone";
}
