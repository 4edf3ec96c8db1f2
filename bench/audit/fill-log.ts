import { randomUUID } from "node:crypto";
import path from "node:path";
import Database from "better-sqlite3";
import type { AuditEntry } from "../../packages/authority/src/audit/audit-entry.ts";
import {
  canonicalDetail,
  canonicalEntry,
  hashOfCanonical,
} from "../../packages/authority/src/audit/canonical-entry.ts";

const COLUMNS =
  "seq, at, event, outcome, actor_kind, actor_name, actor_token_id, resource, request_id, source_address, detail, prev_hash, hash";

/** Appends entries like those of an exchange to a stopped server's log until it has `count`; one transaction, straight into the table. */
export function fillLog(dataDir: string, count: number): void {
  const database = new Database(path.join(dataDir, "postern.db"));
  try {
    database.pragma("synchronous = off");
    const head = database
      .prepare<[], { seq: number; hash: string }>("select seq, hash from audit_log order by seq desc limit 1")
      .get();
    const insert = database.prepare(`insert into audit_log (${COLUMNS}) values (${COLUMNS.replaceAll(/\w+/g, "?")})`);
    database.transaction(() => {
      let previous = head?.hash ?? "0".repeat(64);
      for (let seq = (head?.seq ?? 0) + 1; seq <= count; seq++) {
        const entry = entryAt(seq, previous);
        previous = hashOfCanonical(canonicalEntry(entry));
        insert.run(
          entry.seq,
          entry.at,
          entry.event,
          entry.outcome,
          entry.actor_kind,
          entry.actor_name,
          entry.actor_token_id,
          entry.resource,
          entry.request_id,
          entry.source_address,
          entry.detail,
          entry.prev_hash,
          previous,
        );
      }
    })();
  } finally {
    database.close();
  }
}

function entryAt(seq: number, prevHash: string): Omit<AuditEntry, "hash"> {
  return {
    seq,
    at: new Date(1_795_000_000_000 + seq * 10).toISOString(),
    event: "token.exchange",
    outcome: "allowed",
    actor_kind: "workload",
    actor_name: "https://token.actions.githubusercontent.com repo:acme/train:ref:refs/heads/main",
    actor_token_id: null,
    resource: "models/acme/train",
    request_id: randomUUID(),
    source_address: "192.0.2.10",
    detail: canonicalDetail({
      access: "write",
      expires_at: 1_795_003_600 + seq,
      jti: randomUUID(),
      provider: "github",
      publisher_id: "0193f6a2-7c5e-7d3a-9a31-5f1d2c8b7e60",
      run_url: `https://github.com/acme/train/actions/runs/${7_000_000_000 + seq}/attempts/1`,
      subject_token_sha256: hashOfCanonical(String(seq)),
      ttl_seconds: 3600,
    }),
    prev_hash: prevHash,
  };
}
