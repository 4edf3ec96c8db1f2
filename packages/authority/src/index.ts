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
