export type { Identifier } from "./accounts/identify.ts";
export { CachedIssuerKeys, type CachedIssuerKeysDeps } from "./adapters/issuer-http/cached-issuer-keys.ts";
export { HttpIssuerProbe } from "./adapters/issuer-http/http-issuer-probe.ts";
export type { IssuerFetchOptions } from "./adapters/issuer-http/issuer-fetch.ts";
export {
  type AuthorityDatabase,
  type AuthorityDatabaseOptions,
  openAuthorityDatabase,
} from "./adapters/sqlite/authority-database.ts";
export { SqliteAuditLog } from "./adapters/sqlite/sqlite-audit-log.ts";
export { SqliteGrantLedger } from "./adapters/sqlite/sqlite-grant-ledger.ts";
export { SqliteIssuerStore } from "./adapters/sqlite/sqlite-issuer-store.ts";
export { SqlitePublisherStore } from "./adapters/sqlite/sqlite-publisher-store.ts";
export type { AuditLog } from "./audit/audit-log.ts";
export { type IssuersRoutesDeps, registerIssuersRoutes } from "./http/issuers-routes.ts";
export { type PublishersRoutesDeps, registerPublishersRoutes } from "./http/publishers-routes.ts";
export {
  registerTokenEndpoint,
  type TokenEndpointDeps,
  type TokenGrant,
  type TokenRequest,
} from "./http/token-endpoint.ts";
export { type TokenExchangeGrantDeps, tokenExchangeGrant } from "./http/token-exchange-grant.ts";
export type { IssuerProbe } from "./issuers/issuer-probe.ts";
export type { IssuerStore } from "./issuers/issuer-store.ts";
export { seedPresetIssuers } from "./issuers/seed-preset-issuers.ts";
export type { PublisherStore } from "./publishers/publisher-store.ts";
export type { GrantLedger } from "./token-exchange/grant-ledger.ts";
export type { IssuerKeys } from "./token-exchange/issuer-keys.ts";
export type { KnownRepo, ResourceDirectory } from "./token-exchange/resource-directory.ts";
export type { TokenMint } from "./tokens/token-mint.ts";
