import path from "node:path";
import {
  type DirectTransfers,
  LfsFileStore,
  type LfsStore,
  type ObjectUpkeep,
  openS3Storage,
  type S3Storage,
} from "@postern/hub";
import type { LfsStorageConfig, S3Config } from "../config/storage-settings.ts";

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
  const { store, upkeep, direct } = openBucket(config);
  return { store, upkeep, direct: config.direct ? direct : undefined };
}

/** The same store for reading only, beside the server that uses it. */
export function lookAtLfsStorage(config: LfsStorageConfig, dataDir: string): Pick<LfsStorage, "store" | "upkeep"> {
  if (config !== undefined) return openBucket(config);
  const store = LfsFileStore.look(path.join(dataDir, "lfs"));
  return { store, upkeep: store.upkeep };
}

function openBucket({ prefix, credentials, direct: _, ...settings }: S3Config): S3Storage {
  return openS3Storage({ ...settings, ...credentials() }, prefix, { fetch, nowMs: Date.now });
}
