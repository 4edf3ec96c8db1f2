import { showClaimValue } from "@postern/core/match/explain-check";
import type { SwitchReader } from "../switches/switches.ts";
import { exchangeRefusal } from "./exchange-refusal.ts";

/** How soon a refused job may ask again, in seconds: an administrator's work is not done in less. */
const RETRY_AFTER_SECONDS = 60;

/** @throws {OAuthError} `temporarily_unavailable` TP1907 while an administrator has switched the exchange off. */
export function refuseWhileSwitchedOff(switches: SwitchReader): void {
  const off = switches.whyOff("exchange");
  if (off === undefined) return;
  const reason = off.reason === "" ? {} : { sentence: `The reason: ${showClaimValue(off.reason)}.` };
  throw exchangeRefusal("TP1907", { ...reason, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
