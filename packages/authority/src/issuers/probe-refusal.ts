import { ApiError } from "@postern/core/error/api-error";
import type { Issuer } from "@postern/core/issuer/issuer";
import { showClaimValue } from "@postern/core/match/explain-check";
import type { ProbeOutcome } from "./issuer-probe.ts";

/** What to tell an administrator whose issuer cannot be used; `undefined` when it can. */
export function probeRefusal(issuer: Issuer, outcome: ProbeOutcome): ApiError | undefined {
  switch (outcome.kind) {
    case "usable":
      return undefined;
    case "unreachable":
      return refusal(
        `The issuer cannot be read: ${outcome.reason}.`,
        "Check the address from this server; a private, loopback or plain http issuer needs its exact origin in allow_origins. For a cluster that this server cannot reach, upload its keys with jwks.",
      );
    case "unusable":
      return refusal(`The issuer cannot be used: ${outcome.reason}.`, "Ask whoever runs the issuer.");
    case "mismatch":
      return mismatch(issuer, outcome.got);
  }
}

function mismatch(issuer: Issuer, got: string | undefined): ApiError {
  if (got === undefined)
    return refusal("The issuer's discovery document does not name its issuer.", "Ask whoever runs the issuer.");
  const shown = showClaimValue(got);
  return refusal(
    `The issuer calls itself ${shown}, not ${issuer.url}: ${describeDifference(issuer.url, got)}.`,
    `Add it exactly so: ${shown}`,
  );
}

/** Names the usual differences, because people do not see them. */
function describeDifference(given: string, got: string): string {
  if (got === `${given}/`) return "a slash at the end is missing";
  if (given === `${got}/`) return "the slash at the end is too much";
  if (got.toLowerCase() === given.toLowerCase()) return "upper and lower case differ";
  if (got.replace(/^https?:/, "") === given.replace(/^https?:/, "")) return "http and https differ";
  let at = 0;
  while (at < Math.min(given.length, got.length) && given[at] === got[at]) at += 1;
  return `they differ from character ${at + 1} on`;
}

function refusal(message: string, remedy: string): ApiError {
  return new ApiError("invalid_field", message, { field: "/url", remedy });
}
