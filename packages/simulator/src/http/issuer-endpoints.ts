import type { IncomingMessage, ServerResponse } from "node:http";
import type { Fault } from "../fault/fault.ts";
import type { SimulatedIssuer } from "../issuer/simulated-issuer.ts";
import { answerEndlessly, answerJson, answerLater, answerText } from "./answer.ts";

/** OpenID Connect Discovery 1.0 §4.2. @param tenant - Path of a tenant's own issuer below the provider's, or empty. */
export async function answerDiscovery(
  issuer: SimulatedIssuer,
  tenant: string,
  response: ServerResponse,
): Promise<void> {
  if (!(await waited(issuer, "slow-discovery", response))) return;
  if (has(issuer, "discovery-500")) return answerText(response, 500, "text/plain", "Internal Server Error");
  const named = has(issuer, "wrong-discovery-issuer")
    ? "https://other.example"
    : `${issuer.url}${issuer.provider.issuerPath?.(tenant) ?? tenant}`;
  answerJson(response, 200, {
    issuer: named,
    jwks_uri: `${issuer.url}${issuer.provider.keysPath}`,
    ...issuer.provider.discovery,
  });
}

/** The issuer's public keys (RFC 7517 §5). */
export async function answerKeys(issuer: SimulatedIssuer, response: ServerResponse): Promise<void> {
  if (!(await waited(issuer, "slow-jwks", response))) return;
  if (has(issuer, "jwks-500")) return answerText(response, 500, "text/plain", "Internal Server Error");
  if (has(issuer, "jwks-not-json")) return answerText(response, 200, "text/html", "<!doctype html><p>Be right back.");
  if (has(issuer, "jwks-endless")) return answerEndlessly(response);
  answerJson(response, 200, { keys: await issuer.keys.published() });
}

/** The keys that `jku-header` points to: whoever fetches them followed a URL that an attacker wrote. */
export async function answerForeignKeys(issuer: SimulatedIssuer, response: ServerResponse): Promise<void> {
  const { jwk } = await issuer.keys.foreign();
  answerJson(response, 200, { keys: [jwk] });
}

/**
 * GitHub's token request endpoint; the stand-ins of other providers' commands ask it too.
 *
 * `api-version` is not required: newer httpx replaces the query when a client adds `audience`.
 */
export async function answerTokenRequest(
  issuer: SimulatedIssuer,
  jobId: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!(await waited(issuer, "slow-mint", response))) return;
  if (has(issuer, "mint-500")) return answerJson(response, 500, { message: "Internal Server Error" });
  const bearer = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const job = bearer === undefined ? undefined : issuer.authorisedJob(jobId, bearer);
  if (job === undefined) return answerJson(response, 401, { message: "The job's request token is missing or wrong." });
  const audience = url.searchParams.get("audience");
  const asked = issuer.asAsked(job, url.searchParams);
  const value = await issuer.issue(audience === null || audience === "" ? asked : { ...asked, audience });
  answerJson(response, 200, { count: value.length, value });
}

function has(issuer: SimulatedIssuer, kind: Fault["kind"]): boolean {
  return issuer.faults.some((fault) => fault.kind === kind);
}

async function waited(
  issuer: SimulatedIssuer,
  kind: "slow-discovery" | "slow-jwks" | "slow-mint",
  response: ServerResponse,
): Promise<boolean> {
  const delayMs = issuer.faults.reduce((sum, fault) => (fault.kind === kind ? sum + fault.delayMs : sum), 0);
  return delayMs === 0 || answerLater(response, delayMs);
}
