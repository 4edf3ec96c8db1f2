import { HubError } from "@postern/core/error/hub-error";
import { parseEntryPath } from "../git/entry-path.ts";
import { MAX_POINTER_BYTES, parseLfsPointer } from "../git/lfs-pointer.ts";
import type { ObjectId } from "../git/object-id.ts";
import { SUBMODULE_MODE } from "../git/tree-object.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import { ChangedEntries, type ChangedEntry } from "./changed-entries.ts";
import type { PushedObject, PushedObjects } from "./git-transfers.ts";

export interface PushRules {
  /** Bytes; a larger file has to be an LFS file (hub-wire §9). */
  readonly maxFileBytes: number;
  /** Bytes of one pack. */
  readonly maxPackBytes: number;
}

/** Files up to 10 MB, packs up to 16 GiB. */
export const DEFAULT_PUSH_RULES: PushRules = { maxFileBytes: 10_000_000, maxPackBytes: 16 * 1024 ** 3 };

/** Most sentences that one push is refused with. */
const MAX_FAULTS = 10;
/** How many small blobs are read at a time. */
const WIDTH = 32;
/** No pointer is shorter: its first line alone has 43 bytes. */
const MIN_POINTER_BYTES = 100;

/**
 * What is wrong with the content of a push: sentences for the pusher, empty when all is well.
 *
 * Invariant, as for commits through the API (`receiveCommit`): a pointer only comes in when its object is linked to this very repo with
 * the size that it claims. Looks at what was pushed and at the folders that changed, never at the whole repo.
 *
 * @param known - Root trees of the refs that are moved, to compare a history without parents with.
 */
export async function checkPush(
  objects: PushedObjects,
  known: readonly ObjectId[],
  repoId: string,
  lfs: LfsObjects,
  rules: PushRules,
): Promise<readonly string[]> {
  const { faultOfBlob, commits } = await checkBlobs(objects, repoId, lfs, rules);
  const faults: string[] = [];
  const entries = new ChangedEntries((oid) => objects.readTree(oid));
  for (const commit of commits) {
    const { tree, parents } = await objects.readCommit(commit);
    const before = await Promise.all(parents.map(async (parent) => (await objects.readCommit(parent)).tree));
    for await (const entry of entries.of(tree, before.length === 0 ? known : before)) {
      const fault = faultOf(entry, faultOfBlob);
      if (fault !== undefined) faults.push(fault);
      faultOfBlob.delete(entry.oid);
      if (faults.length >= MAX_FAULTS) return [...faults, "There is more; this is the beginning."];
    }
  }
  // In the pack, but at no path of a new commit: not named by a path, yet it does not come in.
  for (const [oid, fault] of faultOfBlob) faults.push(fault(`object ${oid}`));
  return faults.slice(0, MAX_FAULTS);
}

type Fault = (shown: string) => string;

async function checkBlobs(
  objects: PushedObjects,
  repoId: string,
  lfs: LfsObjects,
  rules: PushRules,
): Promise<{ readonly faultOfBlob: Map<ObjectId, Fault>; readonly commits: readonly ObjectId[] }> {
  const faultOfBlob = new Map<ObjectId, Fault>();
  const commits: ObjectId[] = [];
  let small: PushedObject[] = [];
  const judgeSmall = async (): Promise<void> => {
    const batch = small;
    small = [];
    const faults = await Promise.all(batch.map(({ oid }) => pointerFault(objects, oid, repoId, lfs)));
    for (const [index, fault] of faults.entries()) {
      const oid = batch[index]?.oid;
      if (fault !== undefined && oid !== undefined) faultOfBlob.set(oid, fault);
    }
  };
  for await (const object of objects.list()) {
    const { oid, type, size } = object;
    if (type === "commit") commits.push(oid);
    if (type !== "blob" || faultOfBlob.size >= MAX_FAULTS) continue;
    if (size > rules.maxFileBytes && !(await objects.isInRepo(oid))) {
      faultOfBlob.set(oid, (shown) => tooLarge(shown, size, rules.maxFileBytes));
    }
    if (size < MIN_POINTER_BYTES || size > MAX_POINTER_BYTES) continue;
    small.push(object);
    if (small.length >= WIDTH) await judgeSmall();
  }
  await judgeSmall();
  return { faultOfBlob, commits };
}

async function pointerFault(
  objects: PushedObjects,
  oid: ObjectId,
  repoId: string,
  lfs: LfsObjects,
): Promise<Fault | undefined> {
  const pointer = parseLfsPointer(await objects.readBlob(oid));
  if (pointer === undefined) return undefined;
  const size = await lfs.claim(repoId, pointer.oid);
  if (size === pointer.size) return undefined;
  if (size !== undefined) {
    return (shown) => `${shown}: the pointer claims ${pointer.size} bytes, its LFS object has ${size}.`;
  }
  return (shown) =>
    `${shown}: its LFS object ${pointer.oid} was not uploaded to this repo. Run "git lfs push --all origin BRANCH", then push again.`;
}

function tooLarge(shown: string, size: number, limit: number): string {
  const advice = "Track it with git-lfs (git lfs track, or git lfs migrate import for what is committed already).";
  return `${shown}: ${size} bytes; files above ${limit} bytes have to be LFS files. ${advice}`;
}

function faultOf(entry: ChangedEntry, faultOfBlob: ReadonlyMap<ObjectId, Fault>): string | undefined {
  if (entry.mode === SUBMODULE_MODE) return `"${shown(entry.path)}": submodules are not supported.`;
  try {
    parseEntryPath(entry.path);
  } catch (error) {
    if (error instanceof HubError) return error.message;
    throw error;
  }
  return faultOfBlob.get(entry.oid)?.(`"${shown(entry.path)}"`);
}

function shown(path: string): string {
  return path.replaceAll(/[\p{Cc}\p{Cf}]/gu, "?").slice(0, 200);
}
