import { existsSync } from "node:fs";
import path from "node:path";
import {
  type ChainVerdict,
  exportAuditDatabase,
  verifyAuditDatabase,
  verifyAuditFile as verifyExport,
} from "@postern/authority";
import { ConfigError } from "./config/config-error.ts";

/** Verifies the audit chain in a data directory, whether its server runs or not. @throws {ConfigError} when there is none. */
export async function verifyAuditData(dataDir: string): Promise<ChainVerdict> {
  return verifyAuditDatabase(databaseIn(dataDir));
}

/** Writes the audit log of a data directory as JSON lines, oldest entry first. @throws {ConfigError} when there is none. */
export async function exportAuditData(dataDir: string, output: NodeJS.WritableStream): Promise<void> {
  await exportAuditDatabase(databaseIn(dataDir), (chunk) => {
    if (output.write(chunk)) return;
    return new Promise<void>((resolve, reject) => {
      output.once("drain", resolve);
      output.once("error", reject);
    });
  });
}

/** Verifies an export (JSON lines) alone, without a server or its data. */
export function verifyAuditFile(file: string): Promise<ChainVerdict> {
  return verifyExport(file);
}

function databaseIn(dataDir: string): string {
  const database = path.join(dataDir, "postern.db");
  if (!existsSync(database))
    throw new ConfigError("data", `${dataDir} is no data directory of Postern (it has no postern.db)`, "--data ./data");
  return database;
}
