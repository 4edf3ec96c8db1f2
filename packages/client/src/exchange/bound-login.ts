import { curlFetch } from "../debug/curl-fetch.ts";
import { boundFetch } from "../dpop/bound-fetch.ts";
import { createDpopKey } from "../dpop/dpop-key.ts";
import { provingFetch } from "../dpop/proving-fetch.ts";
import { OidcError } from "../error/oidc-error.ts";
import type { CallLimits } from "../http/call-limits.ts";
import type { IdTokenSource } from "../mint/provider-minter.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { ExchangeRequest } from "./exchange-request.ts";
import type { ExchangedToken } from "./exchanged-token.ts";
import { loginWith } from "./login-with.ts";

/**
 * Logs in and binds the token to a new key of this process where the server can (RFC 9449 §5). One that cannot answers with a bearer token,
 * as the RFC says; so does this when the server refuses the proof, for example because this machine's clock is a minute off: nothing was
 * spent then, and a job that works without proofs must not fail with them.
 *
 * @throws {OidcError} as `loginWith`.
 */
export async function boundLogin(
  source: IdTokenSource,
  target: Omit<ExchangeRequest, "subjectToken" | "key">,
  runtime: Runtime,
  limits: CallLimits,
): Promise<ExchangedToken> {
  if (!mayBind(target.endpoint)) return loginWith(source, target, runtime, limits);
  const key = await createDpopKey(() => runtime.now());
  let token: ExchangedToken;
  try {
    token = await loginWith(source, { ...target, key }, runtime, limits);
  } catch (error) {
    if (!(error instanceof OidcError) || error.error !== "invalid_dpop_proof") throw error;
    runtime.writeDiagnostic(`note: the token is not bound to this machine: ${error.errorDescription ?? error.error}`);
    return loginWith(source, target, runtime, limits);
  }
  if (token.tokenType.toLowerCase() !== "dpop") return token;
  const bound = { accessToken: token.accessToken, endpoint: target.endpoint, key };
  return {
    ...token,
    fetch: boundFetch(bound, curlFetch(runtime)),
    prove: (fetch) => provingFetch(bound, fetch),
  };
}

/** The public Hub documents bearer tokens only; a token that its login bound might be one that its other services refuse. */
function mayBind(endpoint: string): boolean {
  const { hostname } = new URL(endpoint);
  return hostname !== "huggingface.co" && !hostname.endsWith(".huggingface.co");
}
