import { mkdtempSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SHARED_MEMORY = "/dev/shm";
/** Room that must be left there, in bytes: containers are often given 64 MiB, which other programs want as well. */
const ENOUGH = 512 * 1024 * 1024;

/**
 * A new folder on a disk in memory where the system has one, else among the temporary files.
 *
 * For tests that make thousands of commits and ask nothing about power cuts: what survives those is the crash tests' business, and
 * waiting for the disk would be half of their time.
 */
export function memoryFolder(prefix: string): string {
  return mkdtempSync(join(hasRoom(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir(), prefix));
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= ENOUGH;
  } catch {
    return false;
  }
}
