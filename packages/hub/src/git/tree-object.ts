import { type ObjectId, parseObjectId } from "./object-id.ts";

/** One entry of a tree object. */
export interface TreeItem {
  readonly name: string;
  /** Octal, without a leading zero, one of `100644`, `100755`, `120000`, `40000`, `160000`. */
  readonly mode: string;
  readonly oid: ObjectId;
}

/** Mode of a folder. */
export const FOLDER_MODE = "40000";
/** Mode of a plain file. */
export const FILE_MODE = "100644";
/** Mode of a file that may be run. */
export const EXECUTABLE_MODE = "100755";
/** Mode of a symbolic link. */
const LINK_MODE = "120000";
/** Mode of a commit of another repo. */
export const SUBMODULE_MODE = "160000";

/** Reads the content of a tree object, `mode SP name NUL 20 bytes` over and over. @throws {Error} when it is malformed. */
export function parseTree(content: Buffer): readonly TreeItem[] {
  const items: TreeItem[] = [];
  let at = 0;
  while (at < content.length) {
    const space = content.indexOf(0x20, at);
    const nul = content.indexOf(0, space);
    if (space < 0 || nul < 0 || nul + 21 > content.length) throw new Error("malformed tree object");
    const oid = parseObjectId(content.toString("hex", nul + 1, nul + 21));
    if (oid === undefined) throw new Error("malformed tree object");
    const mode = canonicalMode(content.toString("latin1", at, space));
    items.push({ mode, name: content.toString("utf8", space + 1, nul), oid });
    at = nul + 21;
  }
  return items;
}

/**
 * The mode that git reads, whatever was written: `40755` is a folder to git, `160755` a commit of another repo. Who reads them as
 * something else looks past what they hold (`canon_mode` in git's cache.h).
 *
 * Invariant: no mode leaves here but the five that this file names; held by "goes for what git takes it for" in path-fuzz.test.ts.
 */
function canonicalMode(written: string): string {
  const bits = /^[0-7]{1,7}$/.test(written) ? Number.parseInt(written, 8) : Number.NaN;
  switch (bits & 0o170000) {
    case 0o040000:
      return FOLDER_MODE;
    case 0o100000:
      return (bits & 0o100) === 0 ? FILE_MODE : EXECUTABLE_MODE;
    case 0o120000:
      return LINK_MODE;
    default:
      return SUBMODULE_MODE;
  }
}

/** The content of a tree object, sorted as git wants it: by bytes, a folder as if its name ended in `/`. */
export function formatTree(items: Iterable<TreeItem>): Buffer {
  // Keys are made once: made for each comparison, they were most of the time of a commit into a folder of 100,000 files.
  const keyed = Array.from(items, (item) => ({ item, key: Buffer.from(sortKeyOf(item)) }));
  const isSorted = keyed.every(
    ({ key }, index) => index === 0 || Buffer.compare(keyed[index - 1]?.key ?? key, key) <= 0,
  );
  if (!isSorted) keyed.sort((left, right) => Buffer.compare(left.key, right.key));
  const content = Buffer.allocUnsafe(keyed.reduce((size, { item, key }) => size + sizeOf(item, key), 0));
  let at = 0;
  for (const { item, key } of keyed) {
    at += content.write(`${item.mode} `, at, "latin1");
    at += key.copy(content, at, 0, nameLength(item, key));
    at = content.writeUInt8(0, at);
    at += content.write(item.oid, at, "hex");
  }
  return content;
}

/** Where an entry of this name is in a tree, which git keeps in order; -1 when there is none. */
export function indexInTree(items: readonly TreeItem[], name: string): number {
  for (const key of [Buffer.from(name), Buffer.from(`${name}/`)]) {
    let [low, high] = [0, items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = items[middle];
      if (item !== undefined && Buffer.compare(Buffer.from(sortKeyOf(item)), key) < 0) low = middle + 1;
      else high = middle;
    }
    if (items[low]?.name === name) return low;
  }
  // A tree that another program wrote in another order.
  return items.findIndex((item) => item.name === name);
}

/** Bytes of one entry: mode, blank, name, NUL, id. */
function sizeOf(item: TreeItem, key: Buffer): number {
  return item.mode.length + 1 + nameLength(item, key) + 21;
}

/** The sort key of a folder has a slash that its name has not. */
function nameLength({ mode }: TreeItem, key: Buffer): number {
  return mode === FOLDER_MODE ? key.length - 1 : key.length;
}

function sortKeyOf({ name, mode }: TreeItem): string {
  return mode === FOLDER_MODE ? `${name}/` : name;
}
