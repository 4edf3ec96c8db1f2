import type { CallLimits } from "../http/call-limits.ts";
import type { IdTokenSource } from "../mint/provider-minter.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { exchangeOidcToken } from "./exchange-oidc-token.ts";
import type { ExchangeRequest } from "./exchange-request.ts";
import type { ExchangedToken } from "./exchanged-token.ts";

/** Obtains an id token and exchanges it at once; nothing is kept. */
export async function loginWith(
  source: IdTokenSource,
  target: Omit<ExchangeRequest, "subjectToken">,
  runtime: Runtime,
  limits: CallLimits,
): Promise<ExchangedToken> {
  const subjectToken = await source.obtain(runtime, limits);
  return exchangeOidcToken({ subjectToken, ...target }, runtime, limits);
}
