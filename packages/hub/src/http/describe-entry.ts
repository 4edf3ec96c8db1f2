import type { Commit, GitRepository, TreeEntry } from "../git/git-repository.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import { linkedPointer } from "../lfs/linked-pointer.ts";

/** Bytes of the shortest pointer there can be; listings need not read anything smaller. */
const SMALLEST_POINTER = 100;

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

/** Finds the object behind an entry, by the same rule as resolve, so that the sizes listed are those of the bytes served. */
export async function describeEntry(git: GitRepository, lfs: LfsObjects, entry: TreeEntry): Promise<DescribedEntry> {
  const pointer =
    entry.type === "file" && entry.size >= SMALLEST_POINTER ? await linkedPointer(git, entry, lfs) : undefined;
  return { entry, lfs: pointer === undefined ? undefined : { ...pointer, pointerSize: entry.size } };
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
