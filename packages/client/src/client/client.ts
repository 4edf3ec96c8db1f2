import { resolveEndpoint } from "../endpoint/endpoint.ts";
import { boundLogin } from "../exchange/bound-login.ts";
import { exchangeOidcToken } from "../exchange/exchange-oidc-token.ts";
import type { ExchangedToken } from "../exchange/exchanged-token.ts";
import { loginWith } from "../exchange/login-with.ts";
import { type CallOptions, limitsOf } from "../http/call-limits.ts";
import { audienceOf } from "../mint/audience.ts";
import { chooseIdTokenSource, detectProvider, type OidcProvider } from "../mint/choose-id-token-source.ts";
import { suppliedSource } from "../mint/supplied-id-token.ts";
import { revokeToken } from "../revoke/revoke-token.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { OidcTokenCache } from "../token/oidc-token-cache.ts";
import { type ResolveTokenOptions, resolveToken, type TokenResolution } from "../token/resolve-token.ts";

export interface GetOidcTokenOptions extends CallOptions {
  /** One of `OIDC_PROVIDERS`; default: `HF_OIDC_PROVIDER`, else `HF_OIDC_ID_TOKEN`, else the provider whose job this is. */
  readonly provider?: string | undefined;
  /** Who must accept the id token; default `HF_OIDC_AUDIENCE`, else the endpoint, exactly as it is configured. */
  readonly audience?: string | undefined;
}

export interface ExchangeOidcTokenOptions extends CallOptions {
  /** The JWT that the CI provider issued. */
  readonly subjectToken: string;
  /** `ns/name`, `datasets/ns/name`, `spaces/ns/name`, `kernels/ns/name`, or a user name for a read-only token. */
  readonly resource: string;
  /** Default `HF_ENDPOINT`, else https://huggingface.co. */
  readonly endpoint?: string | undefined;
}

export interface OidcLoginOptions extends GetOidcTokenOptions {
  readonly resource: string;
  readonly endpoint?: string | undefined;
  /** A ready id token; nothing is minted then. */
  readonly subjectToken?: string | undefined;
  /**
   * Bind the token to a key of this process where the server offers it (RFC 9449): a stolen token is then useless. Send requests with the
   * answer's `fetch`, or give a library one that `prove` made; when they are missing, the server made a bearer token.
   */
  readonly dpop?: boolean | undefined;
}

export interface RevokeTokenOptions extends CallOptions {
  readonly token: string;
  /** Default `HF_ENDPOINT`, else https://huggingface.co. */
  readonly endpoint?: string | undefined;
}

/** The keyless login with one set of surroundings and one cache. */
export interface Client {
  /** The CI provider whose job this is; `undefined` when it is none that can mint here. */
  detectProvider(): OidcProvider | undefined;
  /** An id token for one audience. @throws {OidcError} */
  getOidcToken(options?: GetOidcTokenOptions): Promise<string>;
  /** Trades an id token for a hub token (RFC 8693); nothing is kept. @throws {OidcError} */
  exchangeOidcToken(options: ExchangeOidcTokenOptions): Promise<ExchangedToken>;
  /** Both of the above; nothing is kept. @throws {OidcError} */
  oidcLogin(options: OidcLoginOptions): Promise<ExchangedToken>;
  /** The token to send and where it came from. @throws {OidcError} @throws {TokenError} */
  resolveToken(options?: ResolveTokenOptions): Promise<TokenResolution>;
  /** The token to send; `undefined` when there is none. @throws {OidcError} @throws {TokenError} */
  getToken(options?: ResolveTokenOptions): Promise<string | undefined>;
  /** Ends a token at once (RFC 7009); for the end of a job. @throws {OidcError} */
  revokeToken(options: RevokeTokenOptions): Promise<void>;
}

/** Ties the functions to their surroundings; the cache lives as long as the client does. */
export function clientWith(runtime: Runtime): Client {
  const { environment } = runtime;
  const cache = new OidcTokenCache(runtime);
  const resolve = (options: ResolveTokenOptions = {}): Promise<TokenResolution> =>
    resolveToken(options, runtime, cache);
  return {
    detectProvider: () => detectProvider(environment),
    getOidcToken: async (options = {}) => {
      const limits = limitsOf(options, runtime.now());
      const audience = audienceOf(options.audience, resolveEndpoint(undefined, environment), environment);
      return chooseIdTokenSource(environment, audience, options.provider).obtain(runtime, limits);
    },
    exchangeOidcToken: async (options) => {
      const limits = limitsOf(options, runtime.now());
      const endpoint = resolveEndpoint(options.endpoint, environment);
      const { subjectToken, resource } = options;
      return exchangeOidcToken({ subjectToken, resource, endpoint }, runtime, limits);
    },
    oidcLogin: async (options) => {
      const limits = limitsOf(options, runtime.now());
      const endpoint = resolveEndpoint(options.endpoint, environment);
      const source =
        options.subjectToken === undefined
          ? chooseIdTokenSource(environment, audienceOf(options.audience, endpoint, environment), options.provider)
          : suppliedSource(options.subjectToken);
      const login = options.dpop === true ? boundLogin : loginWith;
      return login(source, { resource: options.resource, endpoint }, runtime, limits);
    },
    resolveToken: resolve,
    getToken: async (options) => {
      // A token without the key that it is bound to would be of no use.
      const resolution = await resolve({ ...options, dpop: false });
      return resolution.kind === "token" ? resolution.token : undefined;
    },
    revokeToken: async (options) => {
      const limits = limitsOf(options, runtime.now());
      cache.forget(options.token);
      const endpoint = resolveEndpoint(options.endpoint, environment);
      await revokeToken({ token: options.token, endpoint }, runtime, limits);
    },
  };
}
