/** One entry of the audit log, as it is stored and hashed (docs/reference/audit-format.md). */
export interface AuditEntry {
  /** 1 for the first entry, then one more each time, without gaps. */
  readonly seq: number;
  /** When the entry was written: ISO 8601 in UTC with milliseconds. */
  readonly at: string;
  readonly event: string;
  readonly outcome: "allowed" | "denied";
  readonly actor_kind: "anonymous" | "user" | "workload" | "system";
  readonly actor_name: string;
  readonly actor_token_id: string | null;
  readonly resource: string;
  readonly request_id: string;
  readonly source_address: string | null;
  /** Canonical JSON text of an object; kept as text, so that what was hashed is what is read. */
  readonly detail: string;
  /** `hash` of the entry before, 64 lower-case hexadecimal digits; `GENESIS_HASH` for the first. */
  readonly prev_hash: string;
  /** SHA-256 of the canonical JSON of all other fields, 64 lower-case hexadecimal digits. */
  readonly hash: string;
}

/** A point of the chain: which entry was the last, and its hash. */
export interface AuditHead {
  /** 0 when nothing was written yet. */
  readonly seq: number;
  readonly hash: string;
}

/** `prev_hash` of the first entry. */
export const GENESIS_HASH: string = "0".repeat(64);

/** The head of an empty log. */
export const EMPTY_HEAD: AuditHead = { seq: 0, hash: GENESIS_HASH };
