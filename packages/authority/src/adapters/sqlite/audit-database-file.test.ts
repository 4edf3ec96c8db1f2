import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exportAudit } from "../../audit/export-audit.ts";
import { verifyAuditFile } from "../audit-export-file.ts";
import { eventNamed } from "../store-fixtures.contract.ts";
import { exportAuditDatabase, verifyAuditDatabase } from "./audit-database-file.ts";
import { SqliteAuditLog } from "./sqlite-audit-log.ts";
import { type TemporaryDatabase, temporaryDatabase } from "./temporary-database.contract.ts";

const COUNT = 1203;

let temporary: TemporaryDatabase;
let log: SqliteAuditLog;

beforeEach(async () => {
  temporary = await temporaryDatabase();
  log = new SqliteAuditLog(temporary.database);
  const events = Array.from({ length: COUNT }, (_, index) => log.record(eventNamed(`test.${index}`)));
  await Promise.all(events);
});
afterEach(() => temporary.remove());

describe("the audit log in postern.db", () => {
  it("refuses to change or remove an entry", () => {
    const { connection } = temporary.database;
    expect(() => connection.exec("update audit_log set actor_name = 'eve' where seq = 1")).toThrow("append-only");
    expect(() => connection.exec("delete from audit_log where seq = 1")).toThrow("append-only");
    expect(() => connection.exec("insert or replace into audit_log select * from audit_log where seq = 1")).toThrow(
      "append-only",
    );
  });

  it("verifies while the server has it open, and after it stopped", async () => {
    const head = await log.head();
    const verdict = { kind: "intact", head, entries: COUNT, checkpoints: 0, root: expect.any(String) };
    expect(verifyAuditDatabase(temporary.path)).toEqual(verdict);
    await temporary.database.close();
    expect(verifyAuditDatabase(temporary.path, { knownHead: head })).toEqual(verdict);
  });

  it.each([
    ["changed", "update audit_log set actor_name = 'eve' where seq = 1100", { reason: "changed", seq: 1100 }],
    ["missing", "delete from audit_log where seq = 1100", { reason: "missing", seq: 1100 }],
    [
      "reordered",
      "update audit_log set seq = -1 where seq = 7; update audit_log set seq = 7 where seq = 8; update audit_log set seq = 8 where seq = -1",
      { reason: "changed", seq: 7 },
    ],
    ["truncated", "delete from audit_log where seq > 1100", { reason: "truncated", seq: 1101 }],
    ["prepended", "update audit_log set seq = 0 where seq = 1203", { reason: "reordered", seq: 0 }],
  ])("finds an entry that somebody with the file %s", async (_name, statement, verdict) => {
    const knownHead = await log.head();
    tamper(statement);
    expect(verifyAuditDatabase(temporary.path, { knownHead })).toMatchObject({ kind: "broken", ...verdict });
  });

  it("exports lines that verify on their own, live and from the file, byte for byte the same", async () => {
    const directory = mkdtempSync(join(tmpdir(), "postern-export-"));
    try {
      const file = join(directory, "audit.jsonl");
      await pipeline(Readable.from(exportAudit(log, 0, Number.MAX_SAFE_INTEGER)), createWriteStream(file));
      expect(await verifyAuditFile(file)).toMatchObject({ kind: "intact", head: await log.head(), entries: COUNT });
      const live: string[] = [];
      for await (const chunk of exportAudit(log, 1000, 100)) live.push(chunk);
      const offline: string[] = [];
      await exportAuditDatabase(temporary.path, (chunk) => void offline.push(chunk), 1000);
      expect(offline.join("").startsWith(live.join(""))).toBe(true);
      expect(live.join("").trimEnd().split("\n")).toHaveLength(100);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

/** What an attacker with the file can do: the triggers are no obstacle to them. */
function tamper(statements: string): void {
  const connection = new Database(temporary.path);
  for (const name of ["audit_log_keeps_entries", "audit_log_changes_nothing", "audit_log_only_grows"])
    connection.exec(`drop trigger ${name}`);
  connection.exec(statements);
  connection.close();
}
