import { createInterface } from "node:readline";
import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import { type GitProgram, runGit, spawnGit } from "./git-command.ts";
import { stopGroup } from "./stop-process.ts";

/** Milliseconds; a connection on which nothing moves for two minutes is cut anyway. */
const MAX_SEARCH_MS = 100_000;

/**
 * Those of `wanted` that no ref leads to.
 *
 * The attack: protocol v2 serves any object of the repo by its id, so also what was removed by a force push or a deleted branch, and
 * whatever a check refused half-way. Tips of refs cost nothing, commits a walk through history; blobs and trees, which partial clones
 * ask for, a walk through the objects that ends when all are found.
 */
export async function unreachableObjects(
  program: GitProgram,
  gitDirectory: string,
  wanted: ReadonlySet<ObjectId>,
  signal: AbortSignal,
): Promise<readonly ObjectId[]> {
  const left = new Set(wanted);
  const format = "%(objectname) %(*objectname)";
  const refs = await runGit(program, gitDirectory, ["for-each-ref", `--format=${format}`], {});
  if (refs.status !== 0) throw new Error(`git for-each-ref failed: ${refs.stderr}`);
  for (const text of refs.stdout.toString("latin1").split(/\s+/)) {
    const oid = parseObjectId(text);
    if (oid !== undefined) left.delete(oid);
  }
  if (left.size === 0) return [];
  // Commits of the whole history first: cheap, and what a deepening fetch asks for.
  await cross(program, gitDirectory, ["rev-list", "--all"], left, signal);
  if (left.size === 0) return [];
  await cross(program, gitDirectory, ["rev-list", "--objects", "--no-object-names", "--all"], left, signal);
  return [...left];
}

/** Crosses out what git lists, until nothing is left or it ends. */
async function cross(
  program: GitProgram,
  gitDirectory: string,
  args: readonly string[],
  left: Set<ObjectId>,
  signal: AbortSignal,
): Promise<void> {
  const child = spawnGit(program, gitDirectory, args, { ownGroup: true });
  const ended = AbortSignal.any([signal, AbortSignal.timeout(MAX_SEARCH_MS)]);
  const stop = (): void => stopGroup(child);
  ended.addEventListener("abort", stop, { once: true });
  child.on("error", () => child.stdout.destroy());
  child.stdin.on("error", () => {});
  child.stdin.end();
  child.stderr.resume();
  try {
    for await (const line of createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
      const oid = parseObjectId(line);
      if (oid !== undefined && left.delete(oid) && left.size === 0) return;
    }
    ended.throwIfAborted();
  } finally {
    ended.removeEventListener("abort", stop);
    stop();
  }
}
