import { addressKeyOf } from "@postern/authority";
import type { Principal } from "@postern/core/access/principal";
import { HubError } from "@postern/core/error/hub-error";
import type { Clock } from "@postern/core/time/clock";
import type { FastifyInstance } from "fastify";
import type { RequestLimitSettings } from "../config/request-limit-settings.ts";
import { RequestWindows, WINDOW_SECONDS } from "./request-windows.ts";

export interface RequestLimitDeps {
  readonly gatekeeper: { identify(authorization: string | undefined): Promise<Principal> };
  readonly clock: Clock;
  readonly settings: RequestLimitSettings;
}

/**
 * Limits the calls of the Hub's API and downloads of files, and tells every caller what is left (`RateLimit`, `RateLimit-Policy`; the
 * Python client reads both and waits by them, hub-wire §1.2). To be called before the routes are added.
 *
 * Counted by who the caller proved to be, else by address: a token that is not valid must not open a fresh share.
 */
export function limitRequests(app: FastifyInstance, { gatekeeper, clock, settings }: RequestLimitDeps): void {
  const windows = new RequestWindows(clock);
  app.addHook("onRequest", async (request, reply) => {
    const resource = resourceOf(request.routeOptions.url ?? "");
    if (resource === undefined) return;
    const principal = await gatekeeper.identify(request.headers.authorization).catch(() => undefined);
    const caller = callerOf(principal);
    const quota = quotaOf(settings, resource, caller === undefined);
    if (quota === 0) return;
    const key = `${resource} ${caller ?? `address ${addressKeyOf(request.ip)}`}`;
    const { allowed, left, resetSeconds } = windows.count(key, quota);
    reply.headers({
      ratelimit: `"${resource}";r=${left};t=${resetSeconds}`,
      "ratelimit-policy": `"fixed window";"${resource}";q=${quota};w=${WINDOW_SECONDS}`,
    });
    if (allowed) return;
    const advice = caller === undefined ? " With a token you may make more." : "";
    throw new HubError(
      429,
      "TooManyRequests",
      `More than ${quota} requests in ${WINDOW_SECONDS} seconds. Wait ${resetSeconds} seconds.${advice}`,
      { headers: { "retry-after": String(resetSeconds) } },
    );
  });
}

type LimitedResource = "api" | "resolvers";

/** Our management API has limits of its own; signed transfer URLs were paid for by the call that handed them out. */
function resourceOf(route: string): LimitedResource | undefined {
  if (route.startsWith("/api/postern/") || route.startsWith("/api/lfs/")) return undefined;
  if (route.startsWith("/api/")) return "api";
  if (!route.includes(":namespace/:name")) return undefined;
  return /\/:name\/(?:resolve|raw)\//.test(route) ? "resolvers" : "api";
}

/** Who shares a quota; `undefined` for nobody that we know. A user's jobs share the user's, as on the Hub. */
function callerOf(principal: Principal | undefined): string | undefined {
  switch (principal?.kind) {
    case "user":
    case "user-workload":
      return `user ${principal.name.toLowerCase()}`;
    case "repo-workload":
      return `repo ${principal.repoId}`;
    default:
      return undefined;
  }
}

function quotaOf(settings: RequestLimitSettings, resource: LimitedResource, isAnonymous: boolean): number {
  if (resource === "api") return isAnonymous ? settings.apiAnonymous : settings.api;
  return isAnonymous ? settings.resolveAnonymous : settings.resolve;
}
