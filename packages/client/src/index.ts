export { createClient } from "./adapters/node-client.ts";
export {
  debugFetch,
  detectProvider,
  exchangeOidcToken,
  getOidcToken,
  getToken,
  oidcLogin,
  resolveToken,
  revokeToken,
} from "./adapters/process-client.ts";
export type {
  Client,
  ExchangeOidcTokenOptions,
  GetOidcTokenOptions,
  OidcLoginOptions,
  RevokeTokenOptions,
} from "./client/client.ts";
export { type PrintableRequest, toCurlCommand } from "./debug/curl-command.ts";
export { redactText, redactUrl } from "./debug/redact.ts";
export { DEFAULT_ENDPOINT, resolveEndpoint } from "./endpoint/endpoint.ts";
export { type Environment, isSwitchedOn } from "./environment/environment.ts";
export { OidcError, type OidcErrorCode } from "./error/oidc-error.ts";
export { TokenError, type TokenErrorCode } from "./error/token-error.ts";
export type { ExchangedToken } from "./exchange/exchanged-token.ts";
export type { CallOptions } from "./http/call-limits.ts";
export { OIDC_PROVIDERS, type OidcProvider } from "./mint/choose-id-token-source.ts";
export { type CommittedFile, type ProvenanceBundle, parseProvenanceBundle } from "./provenance/provenance-bundle.ts";
export { type ProvenanceVerdict, verifyProvenance } from "./provenance/verify-provenance.ts";
export type { FetchFunction, Runtime } from "./runtime/runtime.ts";
export type { OidcPrecedence, ResolveTokenOptions, TokenResolution } from "./token/resolve-token.ts";
export { hubHomePath, tokenFilePath } from "./token/token-file.ts";
