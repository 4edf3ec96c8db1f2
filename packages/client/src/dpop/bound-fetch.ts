import type { FetchFunction } from "../runtime/runtime.ts";
import type { DpopKey } from "./dpop-key.ts";

/**
 * `fetch` that sends a bound token and a fresh proof with each request to the endpoint's origin, and neither to anybody else (RFC 9449 §7.1).
 *
 * Redirects are not followed: a proof names one address. Follow them yourself; signed transfer URLs need no token.
 */
export function boundFetch(
  { accessToken, endpoint, key }: { readonly accessToken: string; readonly endpoint: string; readonly key: DpopKey },
  fetch: FetchFunction,
): FetchFunction {
  const { origin } = new URL(endpoint);
  return async (input, init = {}) => {
    const url = new URL(String(input));
    if (url.origin !== origin) return fetch(input, init);
    const headers = new Headers(init.headers);
    headers.set("authorization", `DPoP ${accessToken}`);
    headers.set("dpop", await key.proof({ method: (init.method ?? "GET").toUpperCase(), url: url.href, accessToken }));
    return fetch(input, { ...init, headers, redirect: "manual" });
  };
}
