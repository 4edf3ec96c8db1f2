import type { AuditValue } from "@postern/core/audit/audit-event";

/** One line of the audit log, with the field names of its wire format (docs/reference/audit-format.md). */
export interface AuditEntry {
  /** 1 for the first entry, then one more each time, without gaps. */
  readonly seq: number;
  /** When the entry was written: ISO 8601 in UTC with milliseconds. */
  readonly at: string;
  readonly event: string;
  readonly outcome: "allowed" | "denied";
  readonly actor: {
    readonly kind: "anonymous" | "user" | "workload" | "system";
    readonly name: string;
    readonly token_id: string | null;
  };
  readonly resource: string;
  readonly request_id: string;
  readonly source_address: string | null;
  readonly detail: Readonly<Record<string, AuditValue>>;
  /** `hash` of the entry before, 64 lower-case hexadecimal digits; `GENESIS_HASH` for the first. */
  readonly prev_hash: string;
  /** SHA-256 of the canonical JSON of all other fields, 64 lower-case hexadecimal digits. */
  readonly hash: string;
}

export type UnhashedAuditEntry = Omit<AuditEntry, "hash">;

/** A point of the chain: what the last known entry was. */
export interface AuditHead {
  /** 0 when nothing was written yet. */
  readonly seq: number;
  readonly hash: string;
}

/** `prev_hash` of the first entry. */
export const GENESIS_HASH: string = "0".repeat(64);

/** The head of an empty log. */
export const EMPTY_HEAD: AuditHead = { seq: 0, hash: GENESIS_HASH };
