import { expect, it } from "vitest";
import { type ObjectId, parseObjectId } from "../git/object-id.ts";
import type { TreeItem } from "../git/tree-object.ts";
import { ChangedEntries } from "./changed-entries.ts";

const oid = (text: string): ObjectId => {
  const id = parseObjectId(Buffer.from(text.padEnd(20)).toString("hex"));
  if (id === undefined) throw new Error("no object id");
  return id;
};
const file = (name: string, content: string): TreeItem => ({ mode: "100644", name, oid: oid(content) });
const folder = (name: string, tree: string): TreeItem => ({ mode: "40000", name, oid: oid(tree) });

function walker(trees: Readonly<Record<string, readonly TreeItem[]>>): {
  readonly read: string[];
  readonly paths: (tree: string, known: readonly string[]) => Promise<readonly string[]>;
} {
  const byId = new Map(Object.entries(trees).map(([name, items]) => [oid(name), { name, items }]));
  const read: string[] = [];
  const entries = new ChangedEntries(async (id) => {
    const tree = byId.get(id);
    if (tree === undefined) throw new Error(`no tree ${id}`);
    read.push(tree.name);
    return tree.items;
  });
  return {
    read,
    paths: async (tree, known) => {
      const paths: string[] = [];
      for await (const { path } of entries.of(oid(tree), known.map(oid))) paths.push(path);
      return paths;
    },
  };
}

it("names what is new and reads no folder that both have", async () => {
  const { read, paths } = walker({
    old: [file("a", "1"), folder("big", "big"), folder("sub", "sub-old")],
    new: [file("a", "1"), folder("big", "big"), folder("sub", "sub-new")],
    "sub-old": [file("x", "1"), folder("deep", "deep")],
    "sub-new": [file("x", "2"), file("y", "3"), folder("deep", "deep")],
  });
  expect(await paths("new", ["old"])).toEqual(["sub", "sub/x", "sub/y"]);
  expect(read.sort()).toEqual(["new", "old", "sub-new", "sub-old"]);
});

it("takes what any of several parents has for known", async () => {
  const { paths } = walker({
    merge: [file("a", "1"), file("b", "2"), file("c", "3")],
    left: [file("a", "1")],
    right: [file("b", "2")],
  });
  expect(await paths("merge", ["left", "right"])).toEqual(["c"]);
});

it("names an entry again whose mode alone has changed", async () => {
  const { paths } = walker({ old: [file("run", "1")], new: [{ ...file("run", "1"), mode: "100755" }] });
  expect(await paths("new", ["old"])).toEqual(["run"]);
});

it("reads a folder that moved, because its paths are new", async () => {
  const { paths } = walker({
    old: [folder("short", "inner")],
    new: [folder("a-longer-name", "inner")],
    inner: [file("f", "1")],
  });
  expect(await paths("new", ["old"])).toEqual(["a-longer-name", "a-longer-name/f"]);
});

it("looks at each tree of trees once, however many paths lead to it", async () => {
  const trees: Record<string, readonly TreeItem[]> = { t0: [file("f", "1")] };
  // Ten names of equal length on each of forty levels: 10^40 paths.
  for (let level = 1; level <= 40; level++)
    trees[`t${level}`] = Array.from({ length: 10 }, (_, index) => folder(`d${index}`, `t${level - 1}`));
  const { read, paths } = walker(trees);
  expect(await paths("t40", [])).toHaveLength(401);
  expect(read).toHaveLength(41);
});

it("does not go deeper than any path may be", async () => {
  const trees: Record<string, readonly TreeItem[]> = { t0: [file("f", "1")] };
  for (let level = 1; level <= 40; level++) trees[`t${level}`] = [folder("n".repeat(200), `t${level - 1}`)];
  const { paths } = walker(trees);
  const found = await paths("t40", []);
  expect(found.at(-1)?.length).toBeGreaterThan(4096);
  expect(found).toHaveLength(21);
});
