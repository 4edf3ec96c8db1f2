import { spawnSync } from "node:child_process";
import { appendFileSync, rmSync, statSync, truncateSync } from "node:fs";
import path from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

/** A file system of its own with so little room that a test can fill it. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Leaves not a byte, or about so many. */
  fillUp(leave?: number): void;
  /** Gives back what `fillUp` took. */
  makeRoom(): void;
}

/**
 * Mounts a small disk in memory.
 *
 * @param files - How many files and folders it has room for.
 * @returns `undefined` where mounting is not allowed: CI's containers and developers' machines differ in that.
 */
export function smallDisk(mebibytes: number, files = 100_000): SmallDisk | undefined {
  const folder = temporaryFolder("small-disk");
  const mount = spawnSync("mount", [
    "-t",
    "tmpfs",
    "-o",
    `size=${mebibytes}m,nr_inodes=${files}`,
    "tmpfs",
    folder.path,
  ]);
  if (mount.status !== 0) {
    folder[Symbol.dispose]();
    return undefined;
  }
  const filler = path.join(folder.path, "filler");
  return {
    path: folder.path,
    fillUp: (leave = 0) => {
      fill(filler);
      if (leave > 0) truncateSync(filler, Math.max(0, statSync(filler).size - leave));
    },
    makeRoom: () => rmSync(filler, { force: true }),
    [Symbol.dispose]: () => {
      spawnSync("umount", ["-l", folder.path]);
      folder[Symbol.dispose]();
    },
  };
}

function fill(file: string): void {
  for (let size = 64 * 1024; size >= 1; size = Math.floor(size / 4)) {
    for (;;) {
      try {
        appendFileSync(file, Buffer.alloc(size));
      } catch {
        break;
      }
    }
  }
}
