import path from "node:path";
import { type DirectTransfers, LfsFileStore, type LfsStore, type ObjectUpkeep, openS3Storage } from "@postern/hub";
import type { LfsStorageConfig } from "../config/storage-settings.ts";

/** Where large files lie. */
export interface LfsStorage {
  readonly store: LfsStore;
  readonly upkeep: ObjectUpkeep;
  /** Where clients talk to the store itself. */
  readonly direct: DirectTransfers | undefined;
}

/** Opens the store that the configuration names. */
export async function wireLfsStorage(config: LfsStorageConfig, dataDir: string): Promise<LfsStorage> {
  if (config === undefined) {
    const store = await LfsFileStore.open(path.join(dataDir, "lfs"));
    return { store, upkeep: store.upkeep, direct: undefined };
  }
  const { prefix, credentials, direct: isDirect, ...settings } = config;
  const { store, upkeep, direct } = openS3Storage({ ...settings, ...credentials() }, prefix, {
    fetch,
    nowMs: Date.now,
  });
  return { store, upkeep, direct: isDirect ? direct : undefined };
}
