import { type ObjectId, parseObjectId } from "./object-id.ts";

/** One entry of a tree object. */
export interface TreeItem {
  readonly name: string;
  /** Octal, without a leading zero: `100644`, `40000`. */
  readonly mode: string;
  readonly oid: ObjectId;
}

/** Mode of a folder. */
export const FOLDER_MODE = "40000";
/** Mode of a plain file. */
export const FILE_MODE = "100644";
/** Mode of a file that may be run. */
export const EXECUTABLE_MODE = "100755";
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
    // Old writers padded the mode of a folder with a zero.
    const mode = content.toString("latin1", at, space).replace(/^0+/, "");
    items.push({ mode, name: content.toString("utf8", space + 1, nul), oid });
    at = nul + 21;
  }
  return items;
}

/** The content of a tree object, sorted as git wants it: by bytes, a folder as if its name ended in `/`. */
export function formatTree(items: Iterable<TreeItem>): Buffer {
  const sorted = [...items].sort(compareTreeItems);
  return Buffer.concat(
    sorted.flatMap(({ mode, name, oid }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, "hex")]),
  );
}

/** Git's order of the entries of one tree. */
export function compareTreeItems(left: TreeItem, right: TreeItem): number {
  return Buffer.compare(Buffer.from(sortKeyOf(left)), Buffer.from(sortKeyOf(right)));
}

function sortKeyOf({ name, mode }: TreeItem): string {
  return mode === FOLDER_MODE ? `${name}/` : name;
}
