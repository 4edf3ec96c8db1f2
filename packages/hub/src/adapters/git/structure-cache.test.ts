import { expect, it } from "vitest";
import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import { StructureCache } from "./structure-cache.ts";

function oid(number: number): ObjectId {
  const parsed = parseObjectId(number.toString(16).padStart(40, "0"));
  if (parsed === undefined) throw new Error("no id");
  return parsed;
}

it("forgets what was used longest ago, and never holds a giant", () => {
  const cache = new StructureCache(10_000);
  const tree = { kind: "tree", items: [] } as const;
  cache.set("r", oid(0), tree, 1_000_000);
  expect(cache.get("r", oid(0))).toBeUndefined();
  for (let number = 1; number <= 100; number++) {
    cache.set("r", oid(number), tree, 100);
    cache.get("r", oid(1));
  }
  const held = Array.from({ length: 100 }, (_, index) => index + 1).filter((number) => cache.get("r", oid(number)));
  expect(held).toEqual([1, 92, 93, 94, 95, 96, 97, 98, 99, 100]);
});
