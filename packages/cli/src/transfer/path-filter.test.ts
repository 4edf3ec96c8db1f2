import { expect, it } from "vitest";
import { pathFilter } from "./path-filter.ts";

it.each<[string, string, boolean]>([
  ["*.txt", "a.txt", true],
  ["*.txt", "deep/a.txt", true],
  ["*.txt", "a.txt.gz", false],
  ["data/", "data/x/y", true],
  ["data/", "metadata/x", false],
  ["?.bin", "a.bin", true],
  ["?.bin", "ab.bin", false],
  ["[ab].bin", "b.bin", true],
  ["[!ab].bin", "b.bin", false],
  ["[!ab].bin", "c.bin", true],
  ["a+(b).txt", "a+(b).txt", true],
  ["a.b", "axb", false],
  ["*", "line\nbreak", true],
])("%s on %j: %s", (pattern, path, kept) => {
  expect(pathFilter([pattern], undefined)(path)).toBe(kept);
  expect(pathFilter(undefined, [pattern])(path)).toBe(!kept);
});

it("answers at once for a pattern that makes naive matchers backtrack", () => {
  expect(pathFilter([`${"*a".repeat(30)}b`], undefined)("a".repeat(60))).toBe(false);
});
