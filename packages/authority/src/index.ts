export type { Account, AccountStore } from "./accounts/account-store.ts";
export { type BootstrapDeps, type BootstrapOutcome, bootstrapAdmin } from "./accounts/bootstrap-admin.ts";
export type { Identifier } from "./accounts/identify.ts";
export { TokenGatekeeper, type TokenGatekeeperDeps } from "./accounts/token-gatekeeper.ts";
export { verifyAuditFile } from "./adapters/audit-export-file.ts";
export { CheckpointFileSink } from "./adapters/checkpoint-file-sink.ts";
export { CheckpointHttpSink } from "./adapters/checkpoint-http-sink.ts";
export { CachedIssuerKeys, type CachedIssuerKeysDeps } from "./adapters/issuer-http/cached-issuer-keys.ts";
export { HttpIssuerProbe } from "./adapters/issuer-http/http-issuer-probe.ts";
export type { IssuerFetchOptions } from "./adapters/issuer-http/issuer-fetch.ts";
export { loadSecretKey } from "./adapters/secret-key-file.ts";
export { exportAuditDatabase, verifyAuditDatabase } from "./adapters/sqlite/audit-database-file.ts";
export {
  type AuthorityDatabase,
  type AuthorityDatabaseOptions,
  openAuthorityDatabase,
} from "./adapters/sqlite/authority-database.ts";
export { ExpiredRowSweeper } from "./adapters/sqlite/expired-row-sweeper.ts";
export { SqliteAccountStore } from "./adapters/sqlite/sqlite-account-store.ts";
export { SqliteAttemptStore } from "./adapters/sqlite/sqlite-attempt-store.ts";
export { SqliteAuditLog } from "./adapters/sqlite/sqlite-audit-log.ts";
export { SqliteCheckpointKeyStore } from "./adapters/sqlite/sqlite-checkpoint-key-store.ts";
export { SqliteGrantLedger } from "./adapters/sqlite/sqlite-grant-ledger.ts";
export { SqliteIssuerStore } from "./adapters/sqlite/sqlite-issuer-store.ts";
export { type HeldNameTable, SqlitePendingPublishers } from "./adapters/sqlite/sqlite-pending-publishers.ts";
export { SqliteProvenanceKeyStore } from "./adapters/sqlite/sqlite-provenance-key-store.ts";
export { SqlitePublisherStore } from "./adapters/sqlite/sqlite-publisher-store.ts";
export { type RepoNameTable, SqliteRepoMoves } from "./adapters/sqlite/sqlite-repo-moves.ts";
export { SqliteSeenKeysStore } from "./adapters/sqlite/sqlite-seen-keys-store.ts";
export { SqliteSigningKeyStore } from "./adapters/sqlite/sqlite-signing-key-store.ts";
export { SqliteSpentTokens } from "./adapters/sqlite/sqlite-spent-tokens.ts";
export { SqliteSubtreeStore } from "./adapters/sqlite/sqlite-subtree-store.ts";
export { SqliteSwitchStore } from "./adapters/sqlite/sqlite-switch-store.ts";
export { SqliteTokenStore } from "./adapters/sqlite/sqlite-token-store.ts";
export type { AuditEntry, AuditHead } from "./audit/audit-entry.ts";
export type { AuditLog } from "./audit/audit-log.ts";
export type { AuditReader } from "./audit/audit-reader.ts";
export type { ChainBreak, ChainExpectation, ChainVerdict } from "./audit/chain-verifier.ts";
export type { Checkpoint } from "./audit/checkpoint/checkpoint.ts";
export { CheckpointDelivery } from "./audit/checkpoint/checkpoint-delivery.ts";
export {
  addCheckpointKey,
  type CheckpointKey,
  type CheckpointKeyDeps,
  openCheckpointKey,
} from "./audit/checkpoint/checkpoint-key.ts";
export type { CheckpointSink } from "./audit/checkpoint/checkpoint-sink.ts";
export { Checkpointer, type SignedCheckpoint, signedCheckpointOf } from "./audit/checkpoint/checkpointer.ts";
export { isKeyName, type NoteKey } from "./audit/checkpoint/note-key.ts";
export { findRollback, type Rollback, wholeCheckpointNote } from "./audit/checkpoint/rollback.ts";
export { AuditTree } from "./audit/merkle/audit-tree.ts";
export { rootOf } from "./audit/merkle/merkle-proof.ts";
export { verifyChain, verifyExportedLines } from "./audit/verify-chain.ts";
export { type AccessTokensRoutesDeps, registerAccessTokensRoutes } from "./http/access-tokens-routes.ts";
export { type AccountsRoutesDeps, registerAccountsRoutes } from "./http/accounts-routes.ts";
export { registerAgentHarnessesRoute } from "./http/agent-harnesses-route.ts";
export { type AttemptsRoutesDeps, registerAttemptsRoutes } from "./http/attempts-routes.ts";
export { auditRefusals } from "./http/audit-refusals.ts";
export { type AuditRoutesDeps, registerAuditRoutes } from "./http/audit-routes.ts";
export { type CheckpointRoutesDeps, registerCheckpointRoutes } from "./http/checkpoint-routes.ts";
export { type DryRunRouteDeps, registerDryRunRoute } from "./http/dry-run-route.ts";
export { enforceTokenBindings } from "./http/enforce-token-bindings.ts";
export { type IssuersRoutesDeps, registerIssuersRoutes } from "./http/issuers-routes.ts";
export { type JwksRouteDeps, registerJwksRoute } from "./http/jwks-route.ts";
export { type KeysRoutesDeps, registerKeysRoutes } from "./http/keys-routes.ts";
export { type OrgsRoutesDeps, registerOrgsRoutes } from "./http/orgs-routes.ts";
export { type PublisherLintRoutesDeps, registerPublisherLintRoutes } from "./http/publisher-lint-routes.ts";
export { type PublishersRoutesDeps, registerPublishersRoutes } from "./http/publishers-routes.ts";
export { type RevokeRoutesDeps, registerRevokeRoutes } from "./http/revoke-routes.ts";
export { registerSwitchesRoutes, type SwitchesRoutesDeps } from "./http/switches-routes.ts";
export {
  registerTokenEndpoint,
  type TokenEndpointDeps,
  type TokenGrant,
  type TokenRequest,
} from "./http/token-endpoint.ts";
export { type TokenExchangeGrantDeps, tokenExchangeGrant } from "./http/token-exchange-grant.ts";
export {
  registerTrustedPublishingOnlyRoutes,
  type TrustedPublishingOnlyRoutesDeps,
} from "./http/trusted-publishing-only-routes.ts";
export { registerWhoamiRoute, type WhoamiRouteDeps } from "./http/whoami-route.ts";
export { IssuerKeyWatch, type KeyChange } from "./issuers/issuer-key-watch.ts";
export type { IssuerProbe } from "./issuers/issuer-probe.ts";
export type { IssuerStore } from "./issuers/issuer-store.ts";
export { seedPresetIssuers } from "./issuers/seed-preset-issuers.ts";
export { addressKeyOf } from "./limits/address-key.ts";
export { ExchangeLimits, type LimitSettings } from "./limits/exchange-limits.ts";
export { ProvenanceKeys } from "./provenance/provenance-keys.ts";
export type { PublisherStore } from "./publishers/publisher-store.ts";
export { type SwitchedOff, Switches, type SwitchName, type SwitchReader } from "./switches/switches.ts";
export type { RenamePolicy } from "./token-exchange/drifted-publishers.ts";
export type { GrantLedger } from "./token-exchange/grant-ledger.ts";
export type { HeldRepoMaker } from "./token-exchange/held-repo-maker.ts";
export type { IssuerKeys } from "./token-exchange/issuer-keys.ts";
export type { KnownRepo, ResourceDirectory } from "./token-exchange/resource-directory.ts";
export { AccessTokenMint, type AccessTokenMintDeps } from "./tokens/access-token-mint.ts";
export { type KeyRing, type KeyRingDeps, openKeyRing } from "./tokens/key-ring.ts";
export type { RandomBytes } from "./tokens/random-bytes.ts";
export { type KeyDeps, rotateKeysWhenDue } from "./tokens/rotate-keys.ts";
export type { TokenMint } from "./tokens/token-mint.ts";
export type { TokenStore } from "./tokens/token-store.ts";
