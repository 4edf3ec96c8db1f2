import { OidcError } from "../error/oidc-error.ts";
import type { CallLimits } from "../http/call-limits.ts";
import { parseObject } from "../http/json-object.ts";
import { sendRequest } from "../http/send-request.ts";
import { readServerWords } from "../http/server-words.ts";
import { maskSecret } from "../masking/github-mask.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";
import type { IdTokenSource } from "./provider-minter.ts";
import { readUnverifiedClaims } from "./unverified-claims.ts";

/** A provider whose runner offers an endpoint in `ACTIONS_ID_TOKEN_REQUEST_URL`, and what to say when it does not. */
export interface RequestEndpoint {
  readonly id: string;
  readonly title: string;
  /** A sentence that ends the message of a refusal. */
  readonly whenRefused: string;
  /** The error of a job that was given no endpoint. */
  whenMissing(runtime: Runtime): Promise<OidcError>;
}

/** Asks the runner's own endpoint (GitHub's protocol, which others took over). */
export function requestEndpointSource(
  endpoint: RequestEndpoint,
  environment: Runtime["environment"],
  audience: string,
): IdTokenSource {
  const url = environment.ACTIONS_ID_TOKEN_REQUEST_URL?.trim();
  const bearer = cleanToken(environment.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
  return {
    identity: `${endpoint.id} ${url} ${bearer}`,
    renewable: true,
    obtain: async (runtime, limits) => {
      if (!url || bearer === undefined) throw await endpoint.whenMissing(runtime);
      return mint(endpoint, url, bearer, audience, runtime, limits);
    },
  };
}

async function mint(
  { title, whenRefused }: RequestEndpoint,
  requestUrl: string,
  bearer: string,
  audience: string,
  runtime: Runtime,
  limits: CallLimits,
): Promise<string> {
  const url = URL.canParse(requestUrl) ? new URL(requestUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || !/^[\x21-\x7e]+$/.test(bearer)) {
    throw new OidcError(
      "mint_failed",
      `ACTIONS_ID_TOKEN_REQUEST_URL or ACTIONS_ID_TOKEN_REQUEST_TOKEN is not what ${title} puts there. Do not set them yourself.`,
    );
  }
  // Merged into the query, because the runner's own `api-version` stands there already.
  url.searchParams.set("audience", audience);
  const answer = await sendRequest(
    {
      method: "GET",
      url: url.href,
      headers: { accept: "application/json", authorization: `Bearer ${bearer}` },
      // Asking twice only makes a second token, so every failure that may pass is worth another try.
      retryStatuses: new Set([429, 500, 502, 503, 504]),
      retryWithoutAnswer: true,
      name: `The request for a ${title} id token`,
    },
    runtime,
    limits,
  );
  const words = readServerWords(answer.status, answer.headers, answer.body);
  if (answer.status !== 200) {
    const said = words.errorDescription === undefined ? "" : `: ${words.errorDescription}`;
    throw new OidcError(
      "mint_failed",
      `${title} refused to issue an id token (status ${answer.status})${said}. ${whenRefused}`,
      words,
    );
  }
  const value = parseObject(answer.body)?.value;
  if (typeof value !== "string" || readUnverifiedClaims(value) === undefined) {
    throw new OidcError("mint_failed", `${title} answered without an id token. Run the job again.`, {
      status: answer.status,
      requestId: words.requestId,
    });
  }
  maskSecret(value, runtime);
  return value;
}
