import type { GitRepository, TreeEntry } from "../git/git-repository.ts";
import { formatLfsPointer, MAX_POINTER_BYTES, parseLfsPointer } from "../git/lfs-pointer.ts";
import type { LfsObjects } from "./lfs-objects.ts";
import { type LfsOid, parseLfsOid } from "./lfs-oid.ts";

/**
 * The object that a file entry stands for: the one answer to "is this an LFS file", for listings and for bytes alike.
 *
 * Only when the blob is exactly the text that `formatLfsPointer` writes and its object was uploaded to this very repo with that
 * length: anybody can commit a pointer to any hash, and it must show them nothing (the attack is told in `LfsLinks`).
 *
 * @returns `undefined` when the entry is to be taken as the blob that it is.
 */
export async function linkedPointer(
  git: Pick<GitRepository, "repoId" | "readBlob">,
  entry: Pick<TreeEntry, "mode" | "oid" | "size">,
  links: LfsObjects,
): Promise<{ readonly oid: LfsOid; readonly size: number } | undefined> {
  if (entry.mode === "120000" || entry.size > MAX_POINTER_BYTES) return undefined;
  const blob = await git.readBlob(entry.oid, MAX_POINTER_BYTES);
  const pointer = blob === undefined ? undefined : parseLfsPointer(blob);
  if (blob === undefined || pointer === undefined || !blob.equals(Buffer.from(formatLfsPointer(pointer)))) {
    return undefined;
  }
  const oid = parseLfsOid(pointer.oid);
  if (oid === undefined || (await links.isLinked(git.repoId, oid)) !== pointer.size) return undefined;
  return { oid, size: pointer.size };
}
