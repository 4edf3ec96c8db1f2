import { createHash } from "node:crypto";
import path from "node:path";
import Database from "better-sqlite3";

/**
 * Rewrites the audit log of a stopped data directory as somebody with write access would: changes an entry and computes every hash after it
 * anew, so that the chain is whole. Written without the product's own code.
 */
export function recomputeChain(dataDir: string, seq: number, change: Readonly<Record<string, string>>): void {
  const database = new Database(path.join(dataDir, "postern.db"));
  try {
    for (const name of database
      .prepare<[], string>("select name from sqlite_schema where type = 'trigger'")
      .pluck()
      .all())
      database.exec(`drop trigger ${name}`);
    // The stored tree would give it away as well; whoever can write one table can empty another.
    database.exec("delete from audit_tree");
    for (const [column, value] of Object.entries(change))
      database.prepare(`update audit_log set ${column} = ? where seq = ?`).run(value, seq);
    const rows = database
      .prepare<[], Readonly<Record<string, string | number | null>>>("select * from audit_log order by seq")
      .all();
    let previous = "0".repeat(64);
    const update = database.prepare("update audit_log set prev_hash = ?, hash = ? where seq = ?");
    for (const row of rows) {
      const hash = createHash("sha256")
        .update(canonical({ ...row, prev_hash: previous }))
        .digest("hex");
      update.run(previous, hash, row.seq);
      previous = hash;
    }
  } finally {
    database.close();
  }
}

function canonical(row: Readonly<Record<string, string | number | null>>): string {
  const json = (name: string): string => JSON.stringify(row[name] ?? null);
  const actor = `{"kind":${json("actor_kind")},"name":${json("actor_name")},"token_id":${json("actor_token_id")}}`;
  return [
    `{"actor":${actor}`,
    `"at":${json("at")}`,
    `"detail":${row.detail}`,
    `"event":${json("event")}`,
    `"outcome":${json("outcome")}`,
    `"prev_hash":${json("prev_hash")}`,
    `"request_id":${json("request_id")}`,
    `"resource":${json("resource")}`,
    `"seq":${json("seq")}`,
    `"source_address":${json("source_address")}}`,
  ].join(",");
}
