import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import {
  type AuditHead,
  type ChainExpectation,
  type ChainVerdict,
  checkpointKeyIn,
  exportAuditDatabase,
  parseNoteKey,
  readCheckpointFile,
  verifyAuditDatabase,
  verifyAuditFile as verifyExport,
} from "@postern/authority/audit";
import { ConfigError } from "./config/config-error.ts";

/** What a log is to be compared with. */
export interface AuditComparison {
  /** A file of checkpoints. */
  readonly checkpoints?: string | undefined;
  /** The key that signed them, as `NAME+ID+KEY`. Default for a data directory: its own. */
  readonly key?: string | undefined;
  readonly knownHead?: AuditHead | undefined;
}

/** What was found: `chain` says whether the log is whole and fits; the rest is about the checkpoints. */
export interface AuditVerdict {
  readonly chain: ChainVerdict;
  /** Checkpoints in the key's name that it did not sign: somebody wrote into the file of checkpoints. */
  readonly forged: number;
  /** Notes of other keys, and what is no checkpoint. */
  readonly passedOver: number;
  /** False when checkpoints were compared without knowing the key that signed them. */
  readonly isSignatureChecked: boolean;
}

/**
 * Verifies the audit log in a data directory, whether its server runs or not, against its own checkpoints unless others are named.
 *
 * @throws {ConfigError} when there is none, or for a key that is none.
 */
export async function verifyAuditData(dataDir: string, comparison: AuditComparison = {}): Promise<AuditVerdict> {
  const database = databaseIn(dataDir);
  const own = path.join(dataDir, "checkpoints");
  const named = {
    ...comparison,
    checkpoints: comparison.checkpoints ?? (existsSync(own) ? own : undefined),
    key: comparison.key ?? checkpointKeyIn(database),
  };
  // The checkpoints first: entries that a running server adds in between are then only more than they speak of.
  return judge(named, async (expectation) => verifyAuditDatabase(database, expectation));
}

/** Verifies an export (JSON lines) alone, without a server or its data. @throws {ConfigError} for a key that is none. */
export function verifyAuditFile(file: string, comparison: AuditComparison = {}): Promise<AuditVerdict> {
  return judge(comparison, (expectation) => verifyExport(file, expectation));
}

/** Writes the audit log of a data directory as JSON lines, oldest entry first. @throws {ConfigError} when there is none. */
export async function exportAuditData(dataDir: string, output: NodeJS.WritableStream): Promise<void> {
  await exportAuditDatabase(databaseIn(dataDir), async (chunk) => {
    // `once` takes its listeners off again, and rejects when the output fails.
    if (!output.write(chunk)) await once(output, "drain");
  });
}

async function judge(
  { checkpoints: file, key: keyText, knownHead }: AuditComparison,
  verify: (expectation: ChainExpectation) => Promise<ChainVerdict>,
): Promise<AuditVerdict> {
  const key = keyText === undefined ? undefined : parseNoteKey(keyText);
  if (keyText !== undefined && key === undefined)
    throw new ConfigError(
      "key",
      "is no key of a signed note",
      "--key hub.example.com/audit+1a2b3c4d+Aa…, as /api/postern/v1/audit/checkpoint-key prints it",
    );
  const read = file === undefined ? { checkpoints: [], forged: 0, passedOver: 0 } : await readCheckpointFile(file, key);
  const { checkpoints, forged, passedOver } = read;
  const chain = await verify({ checkpoints, ...(knownHead === undefined ? {} : { knownHead }) });
  return { chain, forged, passedOver, isSignatureChecked: file === undefined || key !== undefined };
}

function databaseIn(dataDir: string): string {
  const database = path.join(dataDir, "postern.db");
  if (!existsSync(database))
    throw new ConfigError("data", `${dataDir} is no data directory of Postern (it has no postern.db)`, "--data ./data");
  return database;
}
