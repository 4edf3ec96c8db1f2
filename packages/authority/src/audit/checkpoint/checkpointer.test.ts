import { generateKeyPairSync } from "node:crypto";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SqliteAuditLog } from "../../adapters/sqlite/sqlite-audit-log.ts";
import { SqliteSubtreeStore } from "../../adapters/sqlite/sqlite-subtree-store.ts";
import { type TemporaryDatabase, temporaryDatabase } from "../../adapters/sqlite/temporary-database.contract.ts";
import { AuditTree } from "../merkle/audit-tree.ts";
import { verifyChain } from "../verify-chain.ts";
import { CheckpointDelivery } from "./checkpoint-delivery.ts";
import { Checkpointer, signedCheckpointOf } from "./checkpointer.ts";
import { noteKey } from "./note-key.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const KEY = { verifier: noteKey("hub.example/audit", publicKey), privateKey };

let temporary: TemporaryDatabase;
let audit: SqliteAuditLog;
let failures: unknown[];
let notes: string[];
let checkpointer: Checkpointer;

beforeEach(async () => {
  temporary = await temporaryDatabase();
  audit = new SqliteAuditLog(temporary.database);
  failures = [];
  notes = [];
  checkpointer = new Checkpointer({
    durableHead: () => audit.durableHead(),
    tree: new AuditTree({
      entries: audit,
      subtrees: new SqliteSubtreeStore(temporary.database),
      breathe: () => new Promise((resolve) => setImmediate(resolve)),
    }),
    key: KEY,
    latest: undefined,
    deliveries: [
      new CheckpointDelivery({
        sink: { name: "memory", send: async (note) => void notes.push(note) },
        onFailed: async () => undefined,
        onRecovered: async () => undefined,
        pause: async () => undefined,
      }),
    ],
    onFailure: (cause) => failures.push(cause),
  });
  temporary.database.commits.watch((head) => checkpointer.noteHead(head));
});
afterEach(() => temporary.remove());

describe("Checkpointer", () => {
  it("makes none of an empty log, and none without new entries", async () => {
    await checkpointer.checkpoint();
    expect(checkpointer.latest).toBeUndefined();
    await write(3);
    await checkpointer.checkpoint();
    await checkpointer.checkpoint();
    expect(notes).toHaveLength(1);
  });

  it("makes one by itself once 1,000 entries have gathered, and each fits the log", async () => {
    await write(999);
    expect(checkpointer.latest).toBeUndefined();
    for (let batch = 0; batch < 21; batch += 1) await write(100);
    await checkpointer.close();
    const made = notes.map((note) => signedCheckpointOf(note, KEY.verifier));
    const sizes = [0, ...made.map((checkpoint) => checkpoint?.size ?? 0)];
    expect(sizes.at(-1)).toBe(3099);
    // A batch of 100 is one commit, and one more may be under way.
    for (const [index, size] of sizes.slice(1).entries()) expect(size - (sizes[index] ?? 0)).toBeLessThanOrEqual(1200);
    const checkpoints = made.flatMap((checkpoint) => checkpoint ?? []);
    expect(verifyChain(await audit.entriesAfter(0, 5000), { checkpoints })).toMatchObject({
      kind: "intact",
      checkpoints: notes.length,
    });
    expect(failures).toEqual([]);
  });

  it("says that it failed, and goes on when it can again", async () => {
    await write(5);
    temporary.database.connection.exec("alter table audit_log rename to hidden");
    await checkpointer.checkpoint();
    expect([failures.length, checkpointer.latest]).toEqual([1, undefined]);
    checkpointer.noteHead({ seq: 100_000, hash: "" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures.length, "a commit does not try again, the clock does").toBe(1);
    temporary.database.connection.exec("alter table hidden rename to audit_log");
    await checkpointer.checkpoint();
    expect(checkpointer.latest?.size).toBe(5);
  });
});

async function write(count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => audit.record(EVENT)));
}

const EVENT: AuditEvent = {
  event: "test.write",
  outcome: "allowed",
  actor: { kind: "system", name: "test", tokenId: undefined },
  resource: "nothing",
  requestId: "r",
  sourceAddress: undefined,
  detail: {},
};
