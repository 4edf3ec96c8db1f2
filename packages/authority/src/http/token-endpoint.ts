import { OAuthError } from "@postern/core/error/oauth-error";
import { showClaimValue } from "@postern/core/match/explain-check";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { exchangeRefusal } from "../token-exchange/exchange-refusal.ts";
import type { ExchangeOrigin } from "../token-exchange/exchange-subject-token.ts";
import { type RefusalDeps, settleRefusal } from "../token-exchange/settle-refusal.ts";
import "./route-audit-config.ts";
import { isBodyTooLarge, refuseSecretsInQuery, withTextBodies } from "./text-body-scope.ts";
import { parseTokenParameters } from "./token-parameters.ts";

/** A token request, parsed and not yet judged. */
export interface TokenRequest {
  readonly parameters: ReadonlyMap<string, string>;
  readonly authorization: string | undefined;
  /** The `DPoP` header, unverified (RFC 9449 §5). */
  readonly unverifiedProof: string | undefined;
  readonly origin: ExchangeOrigin;
}

/** One grant type of the token endpoint. A grant writes its own refusals into the audit log. */
export interface TokenGrant {
  readonly grantType: string;
  handle(request: TokenRequest): Promise<Readonly<Record<string, unknown>>>;
}

export interface TokenEndpointDeps extends RefusalDeps {
  readonly grants: readonly TokenGrant[];
}

/** Adds `POST /oauth/token` (RFC 6749 §3.2): one dispatch point for every grant type. */
export function registerTokenEndpoint(app: FastifyInstance, deps: TokenEndpointDeps): void {
  const grants = new Map(deps.grants.map((grant) => [grant.grantType, grant]));
  withTextBodies(app, (scope) => {
    scope.setErrorHandler(async (error: Error, request) => {
      throw isBodyTooLarge(error)
        ? await settleRefusal(exchangeRefusal("TP1101"), new Map(), originOf(request), deps)
        : error;
    });
    scope.post("/oauth/token", { config: { audit: { event: "token.exchange" } } }, async (request, reply) => {
      const answer = await dispatch(request, grants, deps);
      reply.header("cache-control", "no-store").header("pragma", "no-cache").type("application/json; charset=utf-8");
      return reply.send(JSON.stringify(answer));
    });
  });
}

async function dispatch(
  request: FastifyRequest,
  grants: ReadonlyMap<string, TokenGrant>,
  deps: RefusalDeps,
): Promise<Readonly<Record<string, unknown>>> {
  const origin = originOf(request);
  let parameters: ReadonlyMap<string, string> = new Map();
  let grant: TokenGrant;
  try {
    refuseSecretsInQuery(request.query);
    parameters = parseTokenParameters(request.headers["content-type"], request.body);
    grant = chooseGrant(parameters, grants);
  } catch (cause) {
    throw cause instanceof OAuthError ? await settleRefusal(cause, parameters, origin, deps) : cause;
  }
  return grant.handle({
    parameters,
    authorization: request.headers.authorization,
    unverifiedProof: proofIn(request),
    origin,
  });
}

/** More than one is joined into a text that is no proof. */
function proofIn({ headers: { dpop } }: FastifyRequest): string | undefined {
  return Array.isArray(dpop) ? dpop.join(", ") : dpop;
}

function originOf(request: FastifyRequest): ExchangeOrigin {
  return { requestId: request.id, sourceAddress: request.ip };
}

function chooseGrant(parameters: ReadonlyMap<string, string>, grants: ReadonlyMap<string, TokenGrant>): TokenGrant {
  const grantType = parameters.get("grant_type") ?? "";
  if (grantType === "") throw exchangeRefusal("TP1002", { sentence: "There is no grant_type." });
  const grant = grants.get(grantType);
  if (grant === undefined) throw exchangeRefusal("TP1009", { sentence: `Got ${showClaimValue(grantType)}.` });
  return grant;
}
