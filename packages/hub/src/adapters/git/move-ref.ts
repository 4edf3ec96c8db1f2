import { rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RefMove, RefUpdate } from "../../git/git-repository.ts";
import { isFullRef } from "../../git/ref-name.ts";
import { type GitProgram, runGit } from "./git-command.ts";
import { isSystemError } from "./ref-files.ts";
import { syncDirectory } from "./sync-path.ts";

const ZERO_OID = "0".repeat(40);
const MAX_LOCK_TRIES = 10;
const LOCK_WAIT_MS = 25;

/**
 * Moves refs by compare-and-swap, all of them or none; durable when it resolves.
 *
 * @param startedAtMs - Lock files from before this time have no owner any more.
 * @throws {Error} with code `ENOSPC` on a full disk; otherwise when somebody holds the lock for long.
 */
export async function moveRefs(
  program: GitProgram,
  gitDirectory: string,
  startedAtMs: number,
  moves: readonly RefMove[],
): Promise<RefUpdate> {
  for (const { ref } of moves) if (!isFullRef(ref)) throw new Error(`not a full ref: ${ref}`);
  const paths = moves.map(({ ref }) => join(gitDirectory, ref));
  const input = moves
    .map(({ ref, to, expected }) => `update ${ref}\0${to ?? ZERO_OID}\0${expected ?? ZERO_OID}\0`)
    .join("");
  for (let attempt = 1; ; attempt++) {
    const args = ["update-ref", "--no-deref", "-z", "--stdin"];
    const { status, stderr } = await runGit(program, gitDirectory, args, { input });
    if (status === 0) break;
    const outcome = outcomeOf(stderr);
    if (outcome !== "locked") return outcome;
    if (attempt >= MAX_LOCK_TRIES) throw new Error(`git update-ref: ${moves[0]?.ref} stays locked`);
    await clearOrphanedLocks(
      [...paths.map((path) => `${path}.lock`), join(gitDirectory, "packed-refs.lock")],
      startedAtMs,
    );
    await new Promise((resolve) => setTimeout(resolve, LOCK_WAIT_MS));
  }
  await syncRefFolders(paths, join(gitDirectory, "refs"));
  return "updated";
}

/** Git tells the reasons apart in words only; it runs with `LC_ALL=C`. */
function outcomeOf(stderr: string): Exclude<RefUpdate, "updated"> | "locked" {
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    throw Object.assign(new Error("git update-ref: no space left on device"), { code: "ENOSPC" });
  }
  if (/cannot create '|there is a non-empty directory/.test(stderr)) return "clash";
  if (/\.lock': File exists/.test(stderr)) return "locked";
  if (/but expected|reference already exists|unable to resolve reference|reference is missing/.test(stderr)) {
    return "stale";
  }
  throw new Error(`git update-ref failed: ${stderr.slice(0, 300)}`);
}

/** A process that was killed leaves its lock file; only this process writes here, so one from before its start has no owner. */
async function clearOrphanedLocks(paths: readonly string[], startedAtMs: number): Promise<void> {
  for (const path of paths) {
    try {
      if ((await stat(path)).mtimeMs < startedAtMs) await rm(path, { force: true });
    } catch (error) {
      if (!isSystemError(error, "ENOENT", "ENOTDIR")) throw error;
    }
  }
}

async function syncRefFolders(refPaths: readonly string[], top: string): Promise<void> {
  const folders = new Set<string>();
  for (const refPath of refPaths) {
    for (let folder = dirname(refPath); folder.startsWith(top); folder = dirname(folder)) folders.add(folder);
  }
  for (const folder of folders) {
    try {
      await syncDirectory(folder);
    } catch (error) {
      // Git removes the folders that a deleted ref leaves empty.
      if (!isSystemError(error, "ENOENT")) throw error;
    }
  }
}
