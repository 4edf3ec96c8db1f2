import Database from "better-sqlite3";
import type { AuditEntry } from "../../audit/audit-entry.ts";
import { canonicalLine } from "../../audit/canonical-entry.ts";
import type { ChainExpectation, ChainVerdict } from "../../audit/chain-verifier.ts";
import { verifyChain } from "../../audit/verify-chain.ts";
import { prepareQuery } from "./prepared-query.ts";
import { selectEntriesAfter } from "./select-audit-entries.ts";

/**
 * Verifies the audit log in a `postern.db`, whether a server runs on it or not: one read transaction sees one state of the file.
 *
 * @throws {Error} when the file is no database of ours.
 */
export function verifyAuditDatabase(path: string, expectation: ChainExpectation = {}): ChainVerdict {
  return reading(path, (connection) => verifyChain(entriesOf(connection), expectation));
}

/** Writes the audit log in a `postern.db` as JSON lines, each with its line feed. `write` may return a promise to slow us down. */
export async function exportAuditDatabase(
  path: string,
  write: (chunk: string) => void | Promise<void>,
  after = 0,
): Promise<void> {
  const connection = openReadOnly(path);
  try {
    const page = selectEntriesAfter(connection);
    for (let last = after; ; ) {
      const entries = page.all({ seq: last, limit: 1000 });
      const newest = entries.at(-1);
      if (newest === undefined) return;
      await write(entries.map((entry) => `${canonicalLine(entry)}\n`).join(""));
      last = newest.seq;
    }
  } finally {
    connection.close();
  }
}

/** The key that signs the checkpoints of a `postern.db`, as `NAME+ID+KEY`; `undefined` when it never made one. */
export function checkpointKeyIn(path: string): string | undefined {
  return reading(path, (connection) => {
    const hasKeys =
      connection.prepare("select 1 from sqlite_schema where name = 'checkpoint_keys'").get() !== undefined;
    if (!hasKeys) return undefined;
    return prepareQuery(connection, (db) =>
      db.selectFrom("checkpoint_keys").select("note_key").orderBy("id", "desc").limit(1),
    ).get({})?.note_key;
  });
}

function* entriesOf(connection: Database.Database): Generator<AuditEntry> {
  const page = selectEntriesAfter(connection);
  // By number and from below every number, so that an entry with a forged one is seen as well.
  for (let last = Number.MIN_SAFE_INTEGER; ; ) {
    const entries = page.all({ seq: last, limit: 1000 });
    const newest = entries.at(-1);
    if (newest === undefined) return;
    yield* entries;
    last = newest.seq;
  }
}

function reading<T>(path: string, read: (connection: Database.Database) => T): T {
  const connection = openReadOnly(path);
  try {
    return connection.transaction(() => read(connection))();
  } finally {
    connection.close();
  }
}

function openReadOnly(path: string): Database.Database {
  return new Database(path, { readonly: true, fileMustExist: true });
}
