import { OAuthError } from "@postern/core/error/oauth-error";
import { thumbprintOfProof } from "../dpop/thumbprint-of-proof.ts";
import type { SwitchReader } from "../switches/switches.ts";
import { type ExchangeDeps, exchangeSubjectToken } from "../token-exchange/exchange-subject-token.ts";
import { refuseWhileSwitchedOff } from "../token-exchange/exchange-switch.ts";
import { type RefusalDeps, settleRefusal } from "../token-exchange/settle-refusal.ts";
import {
  ACCESS_TOKEN_TYPE,
  parseTokenExchangeRequest,
  TOKEN_EXCHANGE_GRANT_TYPE,
} from "../token-exchange/token-exchange-request.ts";
import type { TokenGrant } from "./token-endpoint.ts";

export interface TokenExchangeGrantDeps extends ExchangeDeps, RefusalDeps {
  readonly switches: SwitchReader;
}

/** The grant of a CI job without credentials (RFC 8693, hub-wire §3.3). */
export function tokenExchangeGrant(deps: TokenExchangeGrantDeps): TokenGrant {
  return {
    grantType: TOKEN_EXCHANGE_GRANT_TYPE,
    async handle({ parameters, authorization, unverifiedProof, origin }) {
      try {
        refuseWhileSwitchedOff(deps.switches);
        const request = parseTokenExchangeRequest(parameters, authorization, deps.audiences);
        const boundTo = unverifiedProof === undefined ? undefined : thumbprintOfProof(unverifiedProof, deps);
        const issued = await exchangeSubjectToken(request, origin, deps, boundTo);
        return {
          access_token: issued.accessToken,
          token_type: issued.isBound ? "DPoP" : "bearer",
          expires_in: issued.expiresInSeconds,
          issued_token_type: ACCESS_TOKEN_TYPE,
        };
      } catch (cause) {
        throw cause instanceof OAuthError ? await settleRefusal(cause, parameters, origin, deps) : cause;
      }
    },
  };
}
