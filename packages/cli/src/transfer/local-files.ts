import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";

export interface LocalFile {
  /** Where it goes in the repo, with `/` on every system. */
  readonly path: string;
  readonly absolutePath: string;
  /** Bytes. */
  readonly size: number;
}

/** Folders that are never published: a repo's own history, and what downloads leave beside the files. */
const LEFT_OUT = new Set([".git", ".cache/huggingface"]);

/**
 * The file at `root`, or every file below it, in the order of their paths.
 *
 * Links to files are followed; links to folders are not, because they could lead out of the folder or round in circles.
 */
export async function listLocalFiles(root: string): Promise<readonly LocalFile[]> {
  const found = await stat(root);
  if (found.isFile()) return [{ path: basename(root), absolutePath: root, size: found.size }];
  const files: LocalFile[] = [];
  await walk(root, "", files);
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function walk(folder: string, prefix: string, files: LocalFile[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    const absolutePath = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!LEFT_OUT.has(path) && entry.name !== ".git") await walk(absolutePath, path, files);
    } else if (entry.isFile() || entry.isSymbolicLink()) {
      const target = await stat(absolutePath);
      if (target.isFile()) files.push({ path, absolutePath, size: target.size });
    }
  }
}
