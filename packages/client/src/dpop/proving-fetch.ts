import type { FetchFunction } from "../runtime/runtime.ts";
import { boundFetch } from "./bound-fetch.ts";
import type { BoundToken } from "./bound-token.ts";

const MAX_REDIRECTS = 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * `fetch` for a library that knows bearer tokens only: a request that carries the bound token as `Bearer` leaves with the scheme DPoP and a
 * fresh proof instead. Everything else, such as a transfer to a signed URL, goes out as it is.
 *
 * Redirects of such requests are followed with a proof for each address, and without token and proof once they leave the endpoint's origin.
 */
export function provingFetch(token: BoundToken, fetch: FetchFunction): FetchFunction {
  const bound = boundFetch(token, fetch);
  const bearer = `Bearer ${token.accessToken}`;
  const { origin } = new URL(token.endpoint);
  return async (input, init = {}) => {
    if (input instanceof Request || new Headers(init.headers).get("authorization") !== bearer)
      return fetch(input, init);
    let url = new URL(input);
    let request = init;
    for (let hop = 0; url.origin === origin; hop++) {
      const response = await bound(url, request);
      const next = init.redirect === "manual" ? undefined : redirectOf(response, url);
      if (next === undefined) return response;
      await response.body?.cancel();
      if (hop === MAX_REDIRECTS) throw new TypeError("fetch failed", { cause: new Error("too many redirects") });
      request = redirected(request, response.status);
      url = next;
    }
    const headers = new Headers(request.headers);
    headers.delete("authorization");
    return fetch(url, { ...request, headers });
  };
}

function redirectOf(response: Response, from: URL): URL | undefined {
  const location = response.headers.get("location");
  if (!REDIRECTS.has(response.status) || location === null || !URL.canParse(location, from)) return undefined;
  return new URL(location, from);
}

/** Fetch Standard, HTTP-redirect fetch, step 12: these become a GET without a body. */
function redirected(init: RequestInit, status: number): RequestInit {
  const method = (init.method ?? "GET").toUpperCase();
  const becomesGet = status === 303 ? method !== "HEAD" : status < 303 && method === "POST";
  if (!becomesGet) return init;
  const headers = new Headers(init.headers);
  for (const name of ["content-type", "content-length", "content-encoding"]) headers.delete(name);
  return { ...init, method: "GET", headers, body: null };
}
