import { rmSync } from "node:fs";
import { ApiError } from "@postern/core/error/api-error";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventNamed } from "../store-fixtures.contract.ts";
import { verifyAuditDatabase } from "./audit-database-file.ts";
import { SqliteAuditLog } from "./sqlite-audit-log.ts";
import { type TemporaryDatabase, temporaryDatabase } from "./temporary-database.contract.ts";

let temporary: TemporaryDatabase;

beforeEach(async () => {
  temporary = await temporaryDatabase();
});
afterEach(() => temporary.remove());

describe("GroupCommit", () => {
  it("runs units that wait together in one transaction, in order", async () => {
    const { connection, commits } = temporary.database;
    const order: number[] = [];
    const results = await Promise.all(
      [0, 1, 2].map((index) =>
        commits.submit((audit) => {
          order.push(index);
          audit.append(eventNamed(`test.${index}`));
          return connection.inTransaction;
        }),
      ),
    );
    expect(order).toEqual([0, 1, 2]);
    expect(results).toEqual([true, true, true]);
    expect(verifyAuditDatabase(temporary.path)).toMatchObject({ kind: "intact", entries: 3 });
  });

  it("rolls a failing unit back alone: its neighbours commit and the chain stays whole", async () => {
    const { commits } = temporary.database;
    const outcomes = await Promise.allSettled([
      commits.submit((audit) => audit.append(eventNamed("test.first"))),
      commits.submit((audit) => {
        audit.append(eventNamed("test.undone"));
        throw new Error("changed its mind");
      }),
      commits.submit((audit) => audit.append(eventNamed("test.last"))),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const entries = await new SqliteAuditLog(temporary.database).entriesAfter(0, 10);
    expect(entries.map(({ seq, event }) => [seq, event])).toEqual([
      [1, "test.first"],
      [2, "test.last"],
    ]);
    expect(verifyAuditDatabase(temporary.path)).toMatchObject({ kind: "intact", entries: 2 });
  });

  it("passes a unit's own error on as it is", async () => {
    const error = new ApiError("conflict", "no");
    const failing = temporary.database.commits.submit(() => {
      throw error;
    });
    await expect(failing).rejects.toBe(error);
  });

  it("answers audit_unavailable when the disk is full, and goes on once there is room", async () => {
    const { connection, commits } = temporary.database;
    const pages = Number(connection.pragma("page_count", { simple: true }));
    connection.pragma(`max_page_count = ${pages}`);
    const large = { ...eventNamed("test.large"), detail: { text: "x".repeat(200_000) } };
    await expect(commits.submit((audit) => audit.append(large))).rejects.toMatchObject({ code: "audit_unavailable" });
    connection.pragma("max_page_count = 100000");
    await commits.submit((audit) => audit.append(large));
    expect(verifyAuditDatabase(temporary.path)).toMatchObject({ kind: "intact", entries: 1 });
  });

  it("refuses everything after a failed sync, including what waits", async () => {
    const { commits } = temporary.database;
    await commits.submit((audit) => audit.append(eventNamed("test.before")));
    rmSync(`${temporary.path}-wal`);
    const outcomes = await Promise.allSettled([
      commits.submit((audit) => audit.append(eventNamed("test.during"))),
      commits.submit((audit) => audit.append(eventNamed("test.during"))),
    ]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "audit_unavailable" } });
    await expect(commits.submit(() => undefined)).rejects.toMatchObject({ code: "audit_unavailable" });
    expect(() => commits.checkReady()).toThrow(ApiError);
  });

  it("refuses writes once closed, after finishing those that wait", async () => {
    const { commits } = temporary.database;
    const waiting = commits.submit((audit) => audit.append(eventNamed("test.waiting")));
    await commits.close();
    await expect(waiting).resolves.toBeUndefined();
    await expect(commits.submit(() => undefined)).rejects.toMatchObject({ code: "audit_unavailable" });
  });
});
