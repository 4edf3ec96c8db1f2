import { createInterface } from "node:readline";
import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import { type GitProgram, spawnGit } from "./git-command.ts";

/** One walk over all objects of all refs; ends as soon as every blob is found. */
export async function pathsOfBlobs(
  program: GitProgram,
  gitDirectory: string,
  blobs: ReadonlySet<ObjectId>,
): Promise<ReadonlyMap<ObjectId, string>> {
  const found = new Map<ObjectId, string>();
  if (blobs.size === 0) return found;
  const child = spawnGit(program, gitDirectory, ["rev-list", "--objects", "--all"]);
  child.on("error", (error) => child.stdout.destroy(error));
  child.stdin.on("error", () => {});
  child.stdin.end();
  child.stderr.resume();
  try {
    for await (const line of createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
      const oid = parseObjectId(line.slice(0, 40));
      if (oid === undefined || !blobs.has(oid) || found.has(oid)) continue;
      found.set(oid, line.slice(41));
      if (found.size === blobs.size) break;
    }
  } finally {
    child.kill();
  }
  return found;
}
