import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { AuditHead } from "../../audit/audit-entry.ts";
import { verifyAuditDatabase } from "./audit-database-file.ts";

const ROUNDS = 20;
const WRITER = fileURLToPath(new URL("crash-writer.contract.ts", import.meta.url));

describe("a server that is killed while it writes", () => {
  it(`keeps every promise it made, ${ROUNDS} times over on the same file`, async () => {
    const seed = Number(process.env.POSTERN_TEST_SEED ?? randomInt(2 ** 31));
    console.info(`seed ${seed}: set POSTERN_TEST_SEED to repeat`);
    const random = mulberry32(seed);
    const directory = mkdtempSync(join(tmpdir(), "postern-crash-"));
    const path = join(directory, "postern.db");
    const promised: string[] = [];
    let head: AuditHead | undefined;
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        promised.push(...(await writeUntilKilled(path, 1 + Math.floor(random() * 150))));
        const verdict = verifyAuditDatabase(path, head === undefined ? {} : { knownHead: head });
        if (verdict.kind !== "intact") throw new Error(`round ${round}, seed ${seed}: ${JSON.stringify(verdict)}`);
        head = verdict.head;
        const stored = tokensIn(path);
        expect(promised.filter((id) => !stored.has(id))).toEqual([]);
        expect([...stored].filter(([, audited]) => !audited)).toEqual([]);
      }
      expect(promised.length).toBeGreaterThan(ROUNDS);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

/** Starts the writer and kills it without warning once it has promised `count` tokens. @returns every promise that was heard. */
async function writeUntilKilled(path: string, count: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [WRITER, path], { stdio: ["ignore", "pipe", "inherit"] });
  const heard: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    // What the pipe still held after the kill was promised as well; only a cut last line was not.
    if (line.length === 36) heard.push(line);
    if (heard.length === count) child.kill("SIGKILL");
  }
  if (heard.length < count) throw new Error(`the writer stopped by itself after ${heard.length} tokens`);
  return heard;
}

/** Id of every stored token, and whether an audit entry names it. */
function tokensIn(path: string): ReadonlyMap<string, boolean> {
  const connection = new Database(path, { readonly: true });
  try {
    const audited = new Set(
      connection.prepare("select json_extract(detail, '$.token_id') from audit_log").pluck().all(),
    );
    const ids = connection
      .prepare<[], string>("select token_id from grants union all select id from personal_tokens")
      .pluck()
      .all();
    return new Map(ids.map((id) => [String(id), audited.has(id)]));
  } finally {
    connection.close();
  }
}

/** A small seeded generator: good enough to choose when to kill. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
