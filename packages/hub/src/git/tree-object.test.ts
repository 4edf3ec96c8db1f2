import { expect, it } from "vitest";
import { parseObjectId } from "./object-id.ts";
import { FILE_MODE, FOLDER_MODE, formatTree, indexInTree, parseTree, type TreeItem } from "./tree-object.ts";

function item(name: string, mode: string = FILE_MODE): TreeItem {
  const oid = parseObjectId(Buffer.from(name).toString("hex").padEnd(40, "0").slice(0, 40));
  if (oid === undefined) throw new Error("no id");
  return { name, mode, oid };
}

/** In git's order: by bytes, a folder as if its name ended in a slash. U+FF5E sorts before an emoji by bytes, and behind it as UTF-16. */
const SORTED = [
  item("a"),
  item("a-b"),
  item("a.b", FOLDER_MODE),
  item("a", FOLDER_MODE),
  item("a0"),
  item("ü ber"),
  item("\uff5e"),
  item("😀"),
];

it("writes entries in git's order, whatever order they come in, and reads them back", () => {
  for (const items of [SORTED, SORTED.toReversed(), SORTED.toSpliced(2, 1)]) {
    const wanted = SORTED.filter((one) => items.includes(one));
    expect(parseTree(formatTree(items))).toEqual(wanted);
  }
  expect(formatTree([])).toHaveLength(0);
});

it("finds every entry of a tree by its name, and only those", () => {
  const items = SORTED.filter(({ name, mode }) => name !== "a" || mode === FOLDER_MODE);
  for (const [index, { name }] of items.entries()) expect(indexInTree(items, name), name).toBe(index);
  for (const name of ["", "a.", "a-", "zz", "b"]) expect(indexInTree(items, name), name).toBe(-1);
  expect(indexInTree(items.toReversed(), "a0")).toBe(items.length - 1 - items.findIndex(({ name }) => name === "a0"));
});
