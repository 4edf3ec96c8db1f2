import type { AuditEntry, AuditHead } from "./audit-entry.ts";

/** Port: reads the audit log, oldest entry first. */
export interface AuditReader {
  head(): Promise<AuditHead>;
  /** At most `limit` entries with a higher number than `seq`. */
  entriesAfter(seq: number, limit: number): Promise<readonly AuditEntry[]>;
}
