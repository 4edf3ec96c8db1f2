import type { FastifyInstance } from "fastify";
import { exchangeRefusal } from "../token-exchange/exchange-refusal.ts";

const MAX_BODY_BYTES = 65_536;

/** Routes that read their bodies as text: JSON with repeated members must be seen before a parser drops them. */
export function withTextBodies(app: FastifyInstance, addRoutes: (scope: FastifyInstance) => void): void {
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "string", bodyLimit: MAX_BODY_BYTES }, (_request, body, parsed) => {
      parsed(null, body);
    });
    addRoutes(scope);
    done();
  });
}

/** The framework cuts a body off before it is parsed; to the caller that is a token too large, in the words of the exchange. */
export function isBodyTooLarge(error: Error): boolean {
  return "code" in error && error.code === "FST_ERR_CTP_BODY_TOO_LARGE";
}

/** Addresses end up in access logs of every proxy on the way. @throws {OAuthError} TP1010 */
export function refuseSecretsInQuery(query: unknown): void {
  if (typeof query !== "object" || query === null) return;
  for (const name of ["subject_token", "client_secret", "refresh_token", "code", "device_code"]) {
    if (Object.hasOwn(query, name)) throw exchangeRefusal("TP1010");
  }
}
