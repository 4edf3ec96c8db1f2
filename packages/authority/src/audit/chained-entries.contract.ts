import { type AuditEntry, type AuditHead, EMPTY_HEAD } from "./audit-entry.ts";
import { canonicalDetail, canonicalEntry, hashOfCanonical } from "./canonical-entry.ts";

/** A valid chain of `count` entries. */
export function chainOf(count: number, after: AuditHead = EMPTY_HEAD): AuditEntry[] {
  const entries: AuditEntry[] = [];
  let head = after;
  for (let index = 0; index < count; index += 1) {
    const entry = sealed({ ...TEMPLATE, seq: head.seq + 1, prev_hash: head.hash });
    entries.push(entry);
    head = entry;
  }
  return entries;
}

/** The entry with a hash that fits its content: what an attacker who knows the format would write. */
export function sealed(entry: Omit<AuditEntry, "hash">): AuditEntry {
  const { seq, at, event, outcome, actor_kind, actor_name, actor_token_id, resource, request_id } = entry;
  const { source_address, detail, prev_hash } = entry;
  const hash = hashOfCanonical(canonicalEntry(entry));
  return {
    seq,
    at,
    event,
    outcome,
    actor_kind,
    actor_name,
    actor_token_id,
    resource,
    request_id,
    source_address,
    detail,
    prev_hash,
    hash,
  };
}

const TEMPLATE: Omit<AuditEntry, "hash" | "seq" | "prev_hash"> = {
  at: "2026-11-21T11:00:00.000Z",
  event: "publisher.add",
  outcome: "allowed",
  actor_kind: "user",
  actor_name: "ada",
  actor_token_id: "0193-token",
  resource: "models/acme/train",
  request_id: "r-1",
  source_address: "127.0.0.1",
  detail: canonicalDetail({ publisher: "p-1", ttl_seconds: 3600, quote: '","hash":"', list: ["a", "b"] }),
};
