import { OidcError } from "../error/oidc-error.ts";
import type { CallLimits } from "../http/call-limits.ts";
import { parseObject } from "../http/json-object.ts";
import { type Answer, sendRequest } from "../http/send-request.ts";
import { readServerWords } from "../http/server-words.ts";
import { maskSecret } from "../masking/github-mask.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";
import type { ExchangeRequest } from "./exchange-request.ts";
import { type ExchangedToken, readExchangedToken } from "./exchanged-token.ts";
import { refusedExchange } from "./refused-exchange.ts";

/**
 * Trades an id token for a short-lived hub token (RFC 8693 §2.1, as JSON, which is how the Hub documents it).
 *
 * Sent again after 429 and 503 only: those say that nothing was done. After silence the id token may be spent.
 *
 * @throws {OidcError} `invalid_resource`, `exchange_refused`, `exchange_failed`, `response_malformed`, and those of `sendRequest`.
 */
export async function exchangeOidcToken(
  request: ExchangeRequest,
  runtime: Runtime,
  limits: CallLimits,
): Promise<ExchangedToken> {
  const resource = request.resource.trim();
  if (resource === "") {
    throw new OidcError(
      "invalid_resource",
      "The resource is blank. Set HF_OIDC_RESOURCE to a repo such as acme/model or datasets/acme/data, or to a user name.",
    );
  }
  const subjectToken = cleanToken(request.subjectToken);
  if (subjectToken === undefined) {
    throw new OidcError("invalid_option", "The id token is blank. Pass the JWT that the CI provider issued.");
  }
  const url = `${request.endpoint}/oauth/token`;
  const { key } = request;
  const send = (): Promise<Answer> =>
    sendRequest(
      {
        method: "POST",
        url,
        // No Authorization: the id token is the only proof, and a stray credential must not change the outcome.
        headers: { accept: "application/json", "content-type": "application/json" },
        freshHeaders: async () => (key === undefined ? {} : { dpop: await key.proof({ method: "POST", url }) }),
        body: JSON.stringify({
          grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
          subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
          subject_token: subjectToken,
          resource,
        }),
        retryStatuses: new Set([429, 503]),
        retryWithoutAnswer: false,
        name: "The token exchange",
      },
      runtime,
      limits,
    );
  let answer = await send();
  let words = readServerWords(answer.status, answer.headers, answer.body);
  // RFC 9449 §8: refused for want of a nonce, which is in the same answer; the id token was not looked at.
  if (words.error === "use_dpop_nonce" && key?.takeNonce(answer.headers) === true) {
    answer = await send();
    words = readServerWords(answer.status, answer.headers, answer.body);
  }
  if (answer.status < 200 || answer.status > 299) {
    throw refusedExchange({ ...request, subjectToken, resource }, words, runtime.now());
  }
  const token = readExchangedToken(parseObject(answer.body), words.requestId);
  if (token === undefined) {
    throw new OidcError(
      "response_malformed",
      `${request.endpoint} answered the exchange without a usable access token. Check that it is the address of a hub.`,
      { status: answer.status, requestId: words.requestId },
    );
  }
  maskSecret(token.accessToken, runtime);
  return token;
}
