import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { listLocalFiles } from "../transfer/local-files.ts";

/** Path → sha256 of every file below a folder. */
export async function folderDigest(folder: string): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const { path, absolutePath } of await listLocalFiles(folder)) {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(absolutePath)) hash.update(chunk);
    digests.set(path, hash.digest("hex"));
  }
  return digests;
}

/** What a copy holds compared with its original. */
export interface FolderComparison {
  /** Paths that are missing or have other bytes in the copy. */
  readonly different: readonly string[];
  /** Paths that only the copy has. */
  readonly added: readonly string[];
}

export function compareFolders(
  original: ReadonlyMap<string, string>,
  copy: ReadonlyMap<string, string>,
): FolderComparison {
  return {
    different: [...original].filter(([path, digest]) => copy.get(path) !== digest).map(([path]) => path),
    added: [...copy.keys()].filter((path) => !original.has(path)),
  };
}
