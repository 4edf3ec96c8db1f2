import { OAuthError } from "@postern/core/error/oauth-error";
import { showClaimValue } from "@postern/core/match/explain-check";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AuditLog } from "../audit/audit-log.ts";
import { exchangeRefusal } from "../token-exchange/exchange-refusal.ts";
import type { ExchangeOrigin } from "../token-exchange/exchange-subject-token.ts";
import { recordExchangeRefusal } from "../token-exchange/record-refusal.ts";
import "./route-audit-config.ts";
import { parseTokenParameters } from "./token-parameters.ts";

const MAX_BODY_BYTES = 65_536;

/** A token request, parsed and not yet judged. */
export interface TokenRequest {
  readonly parameters: ReadonlyMap<string, string>;
  readonly authorization: string | undefined;
  readonly origin: ExchangeOrigin;
}

/** One grant type of the token endpoint. A grant writes its own refusals into the audit log. */
export interface TokenGrant {
  readonly grantType: string;
  handle(request: TokenRequest): Promise<Readonly<Record<string, unknown>>>;
}

export interface TokenEndpointDeps {
  readonly grants: readonly TokenGrant[];
  readonly audit: AuditLog;
}

/** Adds `POST /oauth/token` (RFC 6749 §3.2): one dispatch point for every grant type. */
export function registerTokenEndpoint(app: FastifyInstance, deps: TokenEndpointDeps): void {
  const grants = new Map(deps.grants.map((grant) => [grant.grantType, grant]));
  // A scope of its own, because it reads bodies as text: JSON with repeated members must be seen before a parser drops them.
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "string", bodyLimit: MAX_BODY_BYTES }, (_request, body, parsed) => {
      parsed(null, body);
    });
    scope.setErrorHandler(async (error: Error, request) => {
      throw await refuseTooLarge(error, request, deps.audit);
    });
    scope.post("/oauth/token", { config: { audit: { event: "token.exchange" } } }, async (request, reply) => {
      const answer = await dispatch(request, grants, deps.audit);
      reply.header("cache-control", "no-store").header("pragma", "no-cache").type("application/json; charset=utf-8");
      return reply.send(JSON.stringify(answer));
    });
    done();
  });
}

async function dispatch(
  request: FastifyRequest,
  grants: ReadonlyMap<string, TokenGrant>,
  audit: AuditLog,
): Promise<Readonly<Record<string, unknown>>> {
  const origin = originOf(request);
  let parameters: ReadonlyMap<string, string> = new Map();
  let grant: TokenGrant;
  try {
    refuseQuery(request.query);
    parameters = parseTokenParameters(request.headers["content-type"], request.body);
    grant = chooseGrant(parameters, grants);
  } catch (cause) {
    if (cause instanceof OAuthError) await recordExchangeRefusal(cause, parameters, origin, audit);
    throw cause;
  }
  return grant.handle({ parameters, authorization: request.headers.authorization, origin });
}

/** The framework cuts a body off before it is parsed; to the caller that is a token too large, in the words of this endpoint. */
async function refuseTooLarge(error: Error, request: FastifyRequest, audit: AuditLog): Promise<Error> {
  if (!("code" in error) || error.code !== "FST_ERR_CTP_BODY_TOO_LARGE") return error;
  const refusal = exchangeRefusal("TP1101");
  await recordExchangeRefusal(refusal, new Map(), originOf(request), audit);
  return refusal;
}

function originOf(request: FastifyRequest): ExchangeOrigin {
  return { requestId: request.id, sourceAddress: request.ip };
}

/** Addresses end up in access logs of every proxy on the way. */
function refuseQuery(query: unknown): void {
  if (typeof query !== "object" || query === null) return;
  for (const name of ["subject_token", "client_secret", "refresh_token", "code", "device_code"]) {
    if (Object.hasOwn(query, name)) throw exchangeRefusal("TP1010");
  }
}

function chooseGrant(parameters: ReadonlyMap<string, string>, grants: ReadonlyMap<string, TokenGrant>): TokenGrant {
  const grantType = parameters.get("grant_type") ?? "";
  if (grantType === "") throw exchangeRefusal("TP1002", { sentence: "There is no grant_type." });
  const grant = grants.get(grantType);
  if (grant === undefined) throw exchangeRefusal("TP1009", { sentence: `Got ${showClaimValue(grantType)}.` });
  return grant;
}
