import type { OAuthError } from "@postern/core/error/oauth-error";
import { exchangeRefusal } from "../token-exchange/exchange-refusal.ts";
import type { TakeOutcome } from "./token-buckets.ts";

/** 429 `slow_down` with `Retry-After` (RFC 9110 §10.2.3) and the `RateLimit` fields of draft-ietf-httpapi-ratelimit-headers. */
export function tooManyRequests({
  policy,
  retryAfterSeconds,
  report,
}: Extract<TakeOutcome, { readonly kind: "empty" }>): OAuthError {
  return exchangeRefusal("TP1906", {
    retryAfterSeconds,
    headers: {
      "ratelimit-policy": `"${policy.name}";q=${policy.perMinute};w=60`,
      ratelimit: `"${policy.name}";r=0;t=${retryAfterSeconds}`,
    },
    detail: { limit: policy.name, report },
  });
}
