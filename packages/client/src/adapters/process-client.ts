import type {
  Client,
  ExchangeOidcTokenOptions,
  GetOidcTokenOptions,
  OidcLoginOptions,
  RevokeTokenOptions,
} from "../client/client.ts";
import { curlFetch } from "../debug/curl-fetch.ts";
import type { Environment } from "../environment/environment.ts";
import type { ExchangedToken } from "../exchange/exchanged-token.ts";
import { detectProvider as detect, type OidcProvider } from "../mint/choose-id-token-source.ts";
import type { FetchFunction } from "../runtime/runtime.ts";
import type { ResolveTokenOptions, TokenResolution } from "../token/resolve-token.ts";
import { createClient } from "./node-client.ts";
import { nodeRuntime } from "./node-runtime.ts";

/** One per process, so that all its callers share one cache. */
const processClient: Client = createClient();

/** The CI provider whose job this is; `undefined` when it is none that can mint here. */
export function detectProvider(environment: Environment = nodeRuntime.environment): OidcProvider | undefined {
  return detect(environment);
}

/** An id token for one audience from this job's CI provider. @throws {OidcError} */
export function getOidcToken(options?: GetOidcTokenOptions): Promise<string> {
  return processClient.getOidcToken(options);
}

/** Trades an id token for a short-lived hub token (RFC 8693); nothing is kept. @throws {OidcError} */
export function exchangeOidcToken(options: ExchangeOidcTokenOptions): Promise<ExchangedToken> {
  return processClient.exchangeOidcToken(options);
}

/** Mints and exchanges; nothing is kept. @throws {OidcError} */
export function oidcLogin(options: OidcLoginOptions): Promise<ExchangedToken> {
  return processClient.oidcLogin(options);
}

/** The token to send and where it came from. @throws {OidcError} @throws {TokenError} */
export function resolveToken(options?: ResolveTokenOptions): Promise<TokenResolution> {
  return processClient.resolveToken(options);
}

/** The token to send, cached and refreshed; `undefined` when there is none. @throws {OidcError} @throws {TokenError} */
export function getToken(options?: ResolveTokenOptions): Promise<string | undefined> {
  return processClient.getToken(options);
}

/** Ends a token at once (RFC 7009); for the end of a job. @throws {OidcError} */
export function revokeToken(options: RevokeTokenOptions): Promise<void> {
  return processClient.revokeToken(options);
}

/** `fetch` that prints its requests as curl commands, secrets removed, while `HF_DEBUG` is on; for other Hub calls. */
export const debugFetch: FetchFunction = curlFetch(nodeRuntime);
