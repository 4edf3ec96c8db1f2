import type { Commit, GitRepository, TreeEntry } from "../git/git-repository.ts";
import { formatLfsPointer, MAX_POINTER_BYTES, parseLfsPointer } from "../git/lfs-pointer.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";

/** The LFS object that a file stands for. */
export interface LfsFile {
  /** SHA-256. */
  readonly oid: string;
  readonly size: number;
  readonly pointerSize: number;
}

/** A tree entry and, for an LFS file, its object. */
export interface DescribedEntry {
  readonly entry: TreeEntry;
  readonly lfs: LfsFile | undefined;
}

/**
 * Finds the object behind an entry, by the same rule as resolve: exactly a pointer, and its object linked to this repo. Whatever
 * else looks like a pointer is an ordinary file, so that the sizes listed are those of the bytes served.
 */
export async function describeEntry(git: GitRepository, lfs: LfsObjects, entry: TreeEntry): Promise<DescribedEntry> {
  if (entry.type !== "file" || entry.mode === "120000" || entry.size > MAX_POINTER_BYTES || entry.size < 100) {
    return { entry, lfs: undefined };
  }
  const blob = await git.readBlob(entry.oid, MAX_POINTER_BYTES);
  const pointer = blob === undefined ? undefined : parseLfsPointer(blob);
  if (blob === undefined || pointer === undefined || !blob.equals(Buffer.from(formatLfsPointer(pointer)))) {
    return { entry, lfs: undefined };
  }
  const size = await lfs.isLinked(git.repoId, pointer.oid);
  if (size !== pointer.size) return { entry, lfs: undefined };
  return { entry, lfs: { oid: pointer.oid, size, pointerSize: entry.size } };
}

/** As tree and paths-info show it (hub-wire §6.2). */
export function treeJson({ entry, lfs }: DescribedEntry, lastCommit: Commit | undefined): Record<string, unknown> {
  const json: Record<string, unknown> = {
    type: entry.type === "submodule" ? "directory" : entry.type,
    oid: entry.oid,
    size: lfs?.size ?? entry.size,
    path: entry.path,
  };
  if (lfs !== undefined) json.lfs = lfs;
  if (lastCommit !== undefined) {
    const { id, title, committedAt } = lastCommit;
    json.lastCommit = { id, title, date: new Date(committedAt * 1000).toISOString() };
  }
  return json;
}
