import { describe, expect, it } from "vitest";
import type { ObjectId } from "../git/object-id.ts";
import { parseObjectId } from "../git/object-id.ts";
import { FILE_MODE, FOLDER_MODE, type TreeItem } from "../git/tree-object.ts";
import { mergeTrees } from "./merge-trees.ts";

type Files = Readonly<Record<string, string>>;

/** Trees that are named by what is in them, as git names them, only in memory. */
class Trees {
  readonly #ids = new Map<string, ObjectId>();
  readonly #items = new Map<ObjectId, readonly TreeItem[]>();
  reads = 0;

  read = async (oid: ObjectId): Promise<readonly TreeItem[]> => {
    this.reads += 1;
    return this.#items.get(oid) ?? [];
  };

  write = async (items: readonly TreeItem[]): Promise<ObjectId> => {
    const sorted = items.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    const oid = this.#idOf(JSON.stringify(sorted));
    this.#items.set(oid, sorted);
    return oid;
  };

  async of(files: Files): Promise<ObjectId> {
    const folders = new Map<string, Record<string, string>>();
    const items: TreeItem[] = [];
    for (const [path, content] of Object.entries(files)) {
      const [name = "", ...rest] = path.split("/");
      if (rest.length === 0) items.push({ name, mode: FILE_MODE, oid: this.#idOf(`blob ${content}`) });
      else folders.set(name, { ...folders.get(name), [rest.join("/")]: content });
    }
    for (const [name, inside] of folders) items.push({ name, mode: FOLDER_MODE, oid: await this.of(inside) });
    return await this.write(items);
  }

  #idOf(key: string): ObjectId {
    const id = this.#ids.get(key) ?? parseObjectId(String(this.#ids.size + 1).padStart(40, "0"));
    if (id === undefined) throw new Error("unreachable");
    this.#ids.set(key, id);
    return id;
  }
}

const BASE = { a: "1", "d/b": "2", "d/e/c": "3" };

async function merge(ours: Files, theirs: Files, wanted: Files): Promise<readonly string[]> {
  const trees = new Trees();
  const roots = { base: await trees.of(BASE), ours: await trees.of(ours), theirs: await trees.of(theirs) };
  const { conflicts, tree } = await mergeTrees(roots, trees.read, trees.write);
  if (conflicts.length === 0) expect(tree).toBe(await trees.of(wanted));
  return conflicts;
}

describe("merging by whole files", () => {
  it.each([
    ["nothing", BASE, BASE, BASE],
    ["what we changed", { ...BASE, a: "x" }, BASE, { ...BASE, a: "x" }],
    ["what they changed", BASE, { ...BASE, a: "x" }, { ...BASE, a: "x" }],
    ["both, in one folder", { ...BASE, "d/b": "x" }, { ...BASE, "d/e/c": "y" }, { a: "1", "d/b": "x", "d/e/c": "y" }],
    ["the same change twice", { ...BASE, a: "x" }, { ...BASE, a: "x" }, { ...BASE, a: "x" }],
    ["a file that they deleted", BASE, { "d/b": "2", "d/e/c": "3" }, { "d/b": "2", "d/e/c": "3" }],
    ["a folder that we deleted", { a: "1" }, { ...BASE, z: "9" }, { a: "1", z: "9" }],
    ["new files on both sides", { ...BASE, "n/x": "1" }, { ...BASE, "n/y": "2" }, { ...BASE, "n/x": "1", "n/y": "2" }],
    ["each deleting half of a folder", { a: "1", "d/b": "2" }, { a: "1", "d/e/c": "3" }, { a: "1" }],
  ] satisfies [string, Files, Files, Files][])("takes %s", async (_what, ours, theirs, wanted) => {
    expect(await merge(ours, theirs, wanted)).toEqual([]);
  });

  it.each([
    ["a file that both changed", { ...BASE, a: "x" }, { ...BASE, a: "y" }, ["a"]],
    ["a file that one changed and the other deleted", { ...BASE, a: "x" }, { "d/b": "2", "d/e/c": "3" }, ["a"]],
    ["a new file that differs", { ...BASE, n: "x" }, { ...BASE, n: "y" }, ["n"]],
    ["a file that became a folder", { ...BASE, n: "x" }, { ...BASE, "n/m": "y" }, ["n"]],
    ["two in a folder", { ...BASE, "d/b": "x", "d/e/c": "x" }, { ...BASE, "d/b": "y", "d/e/c": "y" }, ["d/b", "d/e/c"]],
  ] satisfies [string, Files, Files, string[]][])("leaves %s to people", async (_what, ours, theirs, conflicts) => {
    expect(await merge(ours, theirs, {})).toEqual(conflicts);
  });

  it("reads only folders that differ", async () => {
    const trees = new Trees();
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`f${at}/x`, String(at)]));
    const [base, ours, theirs] = [wide, { ...wide, "f1/x": "o" }, { ...wide, "f2/x": "t" }];
    const roots = { base: await trees.of(base), ours: await trees.of(ours), theirs: await trees.of(theirs) };
    await mergeTrees(roots, trees.read, trees.write);
    expect(trees.reads).toBe(3);
  });
});
