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

/** The first path on which two folders differ; `undefined` when they hold the same names and bytes. */
export function firstDifference(
  left: ReadonlyMap<string, string>,
  right: ReadonlyMap<string, string>,
): string | undefined {
  const paths = [...new Set([...left.keys(), ...right.keys()])].sort();
  return paths.find((path) => left.get(path) !== right.get(path));
}
