import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@postern/core/time/clock";
import type { SimulatedIssuer } from "../issuer/simulated-issuer.ts";
import { parseSimulatedProvider, type SimulatedProviderId } from "../providers/simulated-providers.ts";
import { answerJson } from "./answer.ts";
import { answerControl } from "./control-endpoint.ts";
import { answerDiscovery, answerForeignKeys, answerKeys, answerTokenRequest } from "./issuer-endpoints.ts";
import type { EndpointName, RequestLog } from "./request-log.ts";

export interface ListenerDeps {
  readonly issuerOf: (provider: SimulatedProviderId) => SimulatedIssuer;
  readonly log: RequestLog;
  readonly clock: Clock;
}

interface Route {
  readonly endpoint: EndpointName;
  readonly answer: () => void | Promise<void>;
}

/** Routes a request to its provider, and notes it before anything is answered. */
export function requestListener(deps: ListenerDeps): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const path = request.url ?? "/";
    const url = URL.canParse(path, "http://simulator.invalid") ? new URL(path, "http://simulator.invalid") : undefined;
    const provider = parseSimulatedProvider(url?.pathname.split("/")[1] ?? "");
    const matched = url && provider ? route(deps, provider, url, request, response) : undefined;
    deps.log.add({
      at: deps.clock.now(),
      method: request.method ?? "",
      path,
      provider,
      endpoint: matched?.endpoint ?? "other",
      remotePort: request.socket.remotePort ?? 0,
    });
    if (matched === undefined) return answerJson(response, 404, { error: "Not found" });
    Promise.resolve(matched.answer()).catch(() => {
      // Only a defect of the simulator itself comes here; hanging up keeps it from looking like a provider's answer.
      response.destroy();
    });
  };
}

function route(
  deps: ListenerDeps,
  provider: SimulatedProviderId,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Route | undefined {
  const issuer = deps.issuerOf(provider);
  const path = url.pathname.slice(provider.length + 1);
  const control = /^\/control\/([a-z]+)$/.exec(path)?.[1];
  if (control !== undefined)
    return {
      endpoint: "control",
      answer: () => answerControl(issuer, control, url, deps.log, request, response),
    };
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  const tenant = /^(.*)\/\.well-known\/openid-configuration$/.exec(path)?.[1];
  if (tenant === "" || (tenant !== undefined && issuer.provider.tenants?.test(tenant) === true))
    return { endpoint: "discovery", answer: () => answerDiscovery(issuer, tenant, response) };
  if (path === issuer.provider.keysPath) return { endpoint: "jwks", answer: () => answerKeys(issuer, response) };
  if (path === "/foreign/jwks") return { endpoint: "foreign-jwks", answer: () => answerForeignKeys(issuer, response) };
  const jobId = /^\/jobs\/([0-9a-f-]{36})\/idtoken$/.exec(path)?.[1];
  if (jobId !== undefined)
    return { endpoint: "token", answer: () => answerTokenRequest(issuer, jobId, url, request, response) };
  return undefined;
}
