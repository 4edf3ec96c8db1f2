import type { AuditEvent } from "@postern/core/audit/audit-event";

/** Port: writes down what is about to change. The authority implements it. Resolves when durable; what it refuses must not happen. */
export interface AuditLog {
  record(event: AuditEvent): Promise<void>;
}
