import type { ReadTree } from "../git/list-tree.ts";
import type { ObjectId } from "../git/object-id.ts";
import { FOLDER_MODE, type TreeItem } from "../git/tree-object.ts";

/** What came of two trees that grew from one. */
export interface MergedTrees {
  /** Paths that both sides changed in different ways, sorted; the tree means nothing unless there are none. */
  readonly conflicts: readonly string[];
  readonly tree: ObjectId;
}

/** More conflicts than this are not listed. */
const MAX_CONFLICTS = 1000;

/**
 * Merges by whole files: what only one side changed is taken, and a file that both changed differently is a conflict. Nothing is ever
 * mixed inside a file, so that a merge never makes a content that nobody has seen; most files here are data.
 *
 * Reads only the folders that differ.
 */
export async function mergeTrees(
  trees: { readonly base: ObjectId; readonly ours: ObjectId; readonly theirs: ObjectId },
  readTree: ReadTree,
  writeTree: (items: readonly TreeItem[]) => Promise<ObjectId>,
): Promise<MergedTrees> {
  const conflicts: string[] = [];
  const tree = await mergeFolder(trees.base, trees.ours, trees.theirs, "");
  return { conflicts: conflicts.toSorted(), tree: tree ?? (await writeTree([])) };

  /** @returns `undefined` for a folder in which nothing is left. */
  async function mergeFolder(
    base: ObjectId | undefined,
    ours: ObjectId,
    theirs: ObjectId,
    folder: string,
  ): Promise<ObjectId | undefined> {
    if (ours === theirs || base === theirs) return ours;
    if (base === ours) return theirs;
    const [before, mine, other] = await Promise.all([base, ours, theirs].map((oid) => itemsOf(oid)));
    const items: TreeItem[] = [];
    for (const name of new Set([...(mine?.keys() ?? []), ...(other?.keys() ?? [])])) {
      const item = await mergeItem(before?.get(name), mine?.get(name), other?.get(name), `${folder}${name}`);
      if (item !== undefined) items.push(item);
    }
    return items.length === 0 ? undefined : await writeTree(items);
  }

  async function mergeItem(
    base: TreeItem | undefined,
    ours: TreeItem | undefined,
    theirs: TreeItem | undefined,
    path: string,
  ): Promise<TreeItem | undefined> {
    if (isSame(ours, theirs) || isSame(base, theirs)) return ours;
    if (isSame(base, ours)) return theirs;
    const inBase = base?.mode === FOLDER_MODE ? base.oid : undefined;
    if (ours?.mode === FOLDER_MODE && theirs?.mode === FOLDER_MODE && (base === undefined || inBase !== undefined)) {
      const oid = await mergeFolder(inBase, ours.oid, theirs.oid, `${path}/`);
      return oid === undefined ? undefined : { ...ours, oid };
    }
    if (conflicts.length < MAX_CONFLICTS) conflicts.push(path);
    return ours;
  }

  async function itemsOf(oid: ObjectId | undefined): Promise<ReadonlyMap<string, TreeItem>> {
    const items = oid === undefined ? [] : await readTree(oid);
    return new Map(items.map((item) => [item.name, item]));
  }
}

function isSame(one: TreeItem | undefined, other: TreeItem | undefined): boolean {
  return one?.oid === other?.oid && one?.mode === other?.mode;
}
