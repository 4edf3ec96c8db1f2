import type { ObjectId } from "../git/object-id.ts";
import { FOLDER_MODE, type TreeItem } from "../git/tree-object.ts";

/** A file, link or submodule that a new tree has and the trees beside it have not, at this path and in this form. */
export interface ChangedEntry extends TreeItem {
  readonly path: string;
}

/** A path of more bytes is nowhere allowed; it is reported and not descended into. */
const DEEPEST_BYTES = 4096;

/**
 * Walks the difference between new trees and known ones. What both have is not read, so that a push of one file costs the folders on
 * the way to that file, whatever the size of the repo.
 */
export class ChangedEntries {
  readonly #readTree: (oid: ObjectId) => Promise<readonly TreeItem[]>;
  /** Tree → bytes of the longest path at which its content was looked at. A shorter path can be no worse. */
  readonly #seen = new Map<ObjectId, number>();

  constructor(readTree: (oid: ObjectId) => Promise<readonly TreeItem[]>) {
    this.#readTree = readTree;
  }

  /** Everything below `tree` that none of `known` has at the same place, folders included. Each tree is looked at once for its longest path. */
  async *of(tree: ObjectId, known: readonly ObjectId[], prefix = ""): AsyncGenerator<ChangedEntry> {
    if (known.includes(tree)) return;
    const depth = Buffer.byteLength(prefix);
    const seen = this.#seen.get(tree);
    if (seen !== undefined && seen >= depth) return;
    this.#seen.set(tree, depth);
    const items = await this.#readTree(tree);
    const others = await Promise.all(known.map(async (oid) => byName(await this.#readTree(oid))));
    for (const item of items) {
      const same = others.flatMap((other) => other.get(item.name) ?? []);
      if (same.some(({ oid, mode }) => oid === item.oid && mode === item.mode)) continue;
      const path = prefix + item.name;
      yield { ...item, path };
      if (item.mode !== FOLDER_MODE || Buffer.byteLength(path) > DEEPEST_BYTES) continue;
      const folders = same.filter(({ mode }) => mode === FOLDER_MODE).map(({ oid }) => oid);
      yield* this.of(item.oid, folders, `${path}/`);
    }
  }
}

function byName(items: readonly TreeItem[]): ReadonlyMap<string, TreeItem> {
  return new Map(items.map((item) => [item.name, item]));
}
