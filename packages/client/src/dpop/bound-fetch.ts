import type { FetchFunction } from "../runtime/runtime.ts";
import type { BoundToken } from "./bound-token.ts";

/**
 * `fetch` that sends a bound token and a fresh proof with each request to the endpoint's origin, and neither to anybody else (RFC 9449 §7.1).
 *
 * Redirects are not followed: a proof names one address. Follow them yourself; signed transfer URLs need no token.
 */
export function boundFetch({ accessToken, endpoint, key }: BoundToken, fetch: FetchFunction): FetchFunction {
  const { origin } = new URL(endpoint);
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== origin) return fetch(input, init);
    const method = (init.method ?? (input instanceof Request ? input.method : "GET")).toUpperCase();
    const send = async (): Promise<Response> => {
      const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : {}));
      headers.set("authorization", `DPoP ${accessToken}`);
      headers.set("dpop", await key.proof({ method, url: url.href, accessToken }));
      return fetch(input, { ...init, headers, redirect: "manual" });
    };
    const response = await send();
    if (!key.takeNonce(response.headers) || response.status !== 401 || !isRepeatable(input, init)) return response;
    await response.body?.cancel();
    return send();
  };
}

/** A stream is gone once it was sent. */
function isRepeatable(input: string | URL | Request, { body }: RequestInit): boolean {
  if (input instanceof Request && input.body !== null) return false;
  return body === undefined || body === null || typeof body === "string" || body instanceof Blob;
}
