import { OAuthError } from "@postern/core/error/oauth-error";
import type { Clock } from "@postern/core/time/clock";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type RevocationRequest, revokeToken } from "../tokens/revoke-token.ts";
import type { TokenStore } from "../tokens/token-store.ts";
import "./route-audit-config.ts";

export interface RevokeRoutesDeps {
  readonly tokens: TokenStore;
  readonly clock: Clock;
}

const FORM = "application/x-www-form-urlencoded";
/** How many credentials one report may hold. */
const MAX_CREDENTIALS = 1000;
const MAX_REPORT_BYTES = 256 * 1024;
const MAX_FORM_BYTES = 16 * 1024;

/** Adds `/oauth/revoke` (RFC 7009) and `/api/credentials/revoke` (the Hub's call for leaked tokens). Neither tells what was real. */
export function registerRevokeRoutes(app: FastifyInstance, deps: RevokeRoutesDeps): void {
  // In a scope of its own: the form parser here must not meet one that another route brought.
  app.register(async (scope) => {
    if (scope.hasContentTypeParser(FORM)) scope.removeContentTypeParser(FORM);
    scope.addContentTypeParser(FORM, { parseAs: "string" }, (_request, body, done) => done(null, String(body)));

    scope.post(
      "/oauth/revoke",
      { bodyLimit: MAX_FORM_BYTES, config: { audit: { event: "token.revoke" } } },
      async (request, reply) => {
        await revokeToken(tokenInForm(request.body), requestOf(request, "oauth"), deps);
        return reply.code(200).header("cache-control", "no-store").send();
      },
    );

    scope.post(
      "/api/credentials/revoke",
      { bodyLimit: MAX_REPORT_BYTES, config: { audit: { event: "token.revoke" } } },
      async (request, reply) => {
        const origin = requestOf(request, "credentials");
        await Promise.all(credentialsIn(request.body).map((text) => revokeToken(text, origin, deps)));
        return reply.code(202).send({});
      },
    );
  });
}

/** @throws {OAuthError} `invalid_request` when there is not exactly one `token` (RFC 7009 §2.1, RFC 6749 §3.2). */
function tokenInForm(body: unknown): string {
  const [token, ...more] = typeof body === "string" ? new URLSearchParams(body).getAll("token") : [];
  if (token !== undefined && token !== "" && more.length === 0) return token;
  throw new OAuthError("invalid_request", "Send one form field named token.");
}

/** Always an answer, never an error: which shape was understood must not depend on what was in it. */
function credentialsIn(body: unknown): readonly string[] {
  if (typeof body !== "object" || body === null || !("credentials" in body) || !Array.isArray(body.credentials))
    return [];
  return body.credentials.slice(0, MAX_CREDENTIALS).filter((value) => typeof value === "string");
}

function requestOf(request: FastifyRequest, via: RevocationRequest["via"]): RevocationRequest {
  return { requestId: request.id, sourceAddress: request.ip, via };
}
