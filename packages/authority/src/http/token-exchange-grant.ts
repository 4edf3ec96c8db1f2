import { OAuthError } from "@postern/core/error/oauth-error";
import type { AuditLog } from "../audit/audit-log.ts";
import { type ExchangeDeps, exchangeSubjectToken } from "../token-exchange/exchange-subject-token.ts";
import { recordExchangeRefusal } from "../token-exchange/record-refusal.ts";
import {
  ACCESS_TOKEN_TYPE,
  parseTokenExchangeRequest,
  TOKEN_EXCHANGE_GRANT_TYPE,
} from "../token-exchange/token-exchange-request.ts";
import type { TokenGrant } from "./token-endpoint.ts";

export interface TokenExchangeGrantDeps extends ExchangeDeps {
  readonly audit: AuditLog;
}

/** The grant of a CI job without credentials (RFC 8693, hub-wire §3.3). */
export function tokenExchangeGrant(deps: TokenExchangeGrantDeps): TokenGrant {
  return {
    grantType: TOKEN_EXCHANGE_GRANT_TYPE,
    async handle({ parameters, authorization, origin }) {
      try {
        const request = parseTokenExchangeRequest(parameters, authorization, deps.audiences);
        const issued = await exchangeSubjectToken(request, origin, deps);
        return {
          access_token: issued.accessToken,
          token_type: "bearer",
          expires_in: issued.expiresInSeconds,
          issued_token_type: ACCESS_TOKEN_TYPE,
        };
      } catch (cause) {
        if (cause instanceof OAuthError) await recordExchangeRefusal(cause, parameters, origin, deps.audit);
        throw cause;
      }
    },
  };
}
