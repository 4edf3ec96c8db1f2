import { HubError } from "@postern/core/error/hub-error";
import type { ObjectId } from "./object-id.ts";
import { FOLDER_MODE, indexInTree, type TreeItem } from "./tree-object.ts";

/** A tree entry with its whole path. */
export interface ListedItem extends TreeItem {
  readonly path: string;
}

export interface ListedPage {
  readonly items: readonly ListedItem[];
  readonly more: boolean;
}

/** Reads one tree object. @throws {Error} when it is absent. */
export type ReadTree = (oid: ObjectId) => Promise<readonly TreeItem[]>;

/**
 * One page of a folder, in git's order, folders before what is in them.
 *
 * Only the trees on the way to `after` and those of the page itself are read, whatever the size of the repo.
 *
 * @throws {HubError} 400 when `after` names nothing below `base`.
 */
export async function listTreePage(
  readTree: ReadTree,
  root: ObjectId,
  query: {
    readonly base: string;
    readonly recursive: boolean;
    readonly after: string | undefined;
    readonly limit: number;
  },
): Promise<ListedPage> {
  const items: ListedItem[] = [];
  const prefix = query.base === "" ? "" : `${query.base}/`;
  if (query.after !== undefined && !query.after.startsWith(prefix)) throw badCursor();
  const resume = query.after === undefined ? [] : query.after.slice(prefix.length).split("/");
  const more = !(await walk(root, prefix, resume));
  return { items, more };

  /** @returns false when the page is full and something is left. */
  async function walk(tree: ObjectId, folder: string, skipTo: readonly string[]): Promise<boolean> {
    const entries = await readTree(tree);
    const [name, ...deeper] = skipTo;
    let start = 0;
    if (name !== undefined) {
      start = indexInTree(entries, name);
      const resumed = entries[start];
      if (resumed === undefined) throw badCursor();
      if (query.recursive && resumed.mode === FOLDER_MODE) {
        if (!(await walk(resumed.oid, `${folder}${name}/`, deeper))) return false;
      } else if (deeper.length > 0) {
        throw badCursor();
      }
      start += 1;
    }
    for (let index = start; index < entries.length; index++) {
      const entry = entries[index];
      if (entry === undefined) break;
      if (items.length >= query.limit) return false;
      const path = folder + entry.name;
      items.push({ ...entry, path });
      if (query.recursive && entry.mode === FOLDER_MODE && !(await walk(entry.oid, `${path}/`, []))) return false;
    }
    return true;
  }
}

function badCursor(): HubError {
  return new HubError(400, "BadRequest", "The cursor of this page does not belong to this listing.");
}
