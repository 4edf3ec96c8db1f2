import { existsSync } from "node:fs";
import path from "node:path";
import {
  checkDigests,
  type Finding,
  finding,
  HubDatabase,
  RepoInspectorOnDisk,
  SqliteLfsLinks,
  SqliteStorageCensus,
  surveyStorage,
} from "@postern/hub";
import Database from "better-sqlite3";
import { verifyAuditData } from "./audit-data.ts";
import { ConfigError } from "./config/config-error.ts";
import { settingsFromEnvironment } from "./config/environment-settings.ts";
import { settingsFromFile } from "./config/file-settings.ts";
import { mergeSettings } from "./config/merge-settings.ts";
import { parseServerConfig } from "./config/server-config.ts";
import { lookAtLfsStorage } from "./wiring/wire-lfs-storage.ts";

export interface StorageCheck {
  readonly dataDir?: string | undefined;
  readonly configFile?: string | undefined;
  /** `POSTERN_…` variables. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Read every git object and every large file. */
  readonly deep?: boolean | undefined;
  readonly onProgress?: ((what: string, done: number, total: number | undefined) => void) | undefined;
}

export interface StorageVerdict {
  readonly findings: readonly Finding[];
  readonly repos: number;
  readonly objects: number;
  readonly auditEntries: number;
}

/**
 * `hub fsck`: compares repos, large files, database and audit log of a data directory, whether its server runs or not. Changes nothing.
 *
 * @throws {ConfigError} when there is no such data directory, or for a setting that cannot work.
 */
export async function checkStorage(check: StorageCheck = {}): Promise<StorageVerdict> {
  const { dataDir, configFile, environment = {}, deep = false, onProgress } = check;
  const file = configFile ?? environment.POSTERN_CONFIG;
  const sources = [
    { dataDir, host: "127.0.0.1" },
    settingsFromEnvironment(environment),
    file === undefined || file === "" ? {} : settingsFromFile(file),
  ];
  const config = parseServerConfig(mergeSettings(...sources));
  const database = path.join(config.dataDir, "postern.db");
  if (!existsSync(database)) {
    throw new ConfigError(
      "data",
      `${config.dataDir} is no data directory of Postern (it has no postern.db)`,
      "--data ./data",
    );
  }
  const connection = new Database(database, { readonly: true });
  try {
    const { store, upkeep } = lookAtLfsStorage(config.lfsStorage, config.dataDir);
    const survey = await surveyStorage(
      {
        census: new SqliteStorageCensus(connection),
        inspector: new RepoInspectorOnDisk(config.dataDir),
        links: new SqliteLfsLinks(HubDatabase.on(connection)),
        upkeep,
      },
      { deep, onProgress },
    );
    const digests = deep
      ? await checkDigests(store, survey.objects, (done, total) => onProgress?.("large files", done, total))
      : [];
    const audit = await checkAudit(config.dataDir);
    return {
      findings: [...survey.findings, ...digests, ...audit.findings],
      repos: survey.repos.size,
      objects: survey.objects.size,
      auditEntries: audit.entries,
    };
  } finally {
    connection.close();
  }
}

async function checkAudit(
  dataDir: string,
): Promise<{ readonly findings: readonly Finding[]; readonly entries: number }> {
  try {
    const { chain, forged } = await verifyAuditData(dataDir);
    const findings: Finding[] = [];
    if (chain.kind !== "intact") findings.push(finding("audit-broken", `audit entry ${chain.seq}`, chain.reason));
    if (forged > 0) findings.push(finding("audit-forged", "checkpoints", `${forged} of them`));
    return { findings, entries: chain.kind === "intact" ? chain.entries : 0 };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    return { findings: [finding("audit-broken", "audit log", detail)], entries: 0 };
  }
}
