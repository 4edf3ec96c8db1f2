import type { AuditEvent } from "@postern/core/audit/audit-event";

/** Port: appends one entry to the chain. Resolves when durable; @throws {ApiError} `audit_unavailable`. */
export interface AuditLog {
  record(event: AuditEvent): Promise<void>;
}
