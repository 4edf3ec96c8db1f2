import { describe, expect, it } from "vitest";
import { readCardData } from "./card-data.ts";

describe("the metadata of a card", () => {
  it.each([
    ["none", "# Hi", undefined],
    ["empty", "---\n---\n# Hi", undefined],
    ["a map", "---\na: 1\n---\n", { a: 1 }],
    ["Windows line ends", "---\r\na: 1\r\n---\r\ntext", { a: 1 }],
    ["dashes in a value", "---\na: x---\nb: 2\n---\n", { a: "x---", b: 2 }],
    ["not at the beginning", "text\n---\na: 1\n---\n", undefined],
  ])("is read: %s", (_, readme, data) => {
    expect(readCardData(readme)).toEqual({ data, errors: [] });
  });

  it.each([
    ["broken YAML", "---\na: [\n---\n"],
    ["a list", "---\n- a\n---\n"],
    ["aliases", "---\na: &x [1]\nb: [*x, *x]\n---\n"],
    ["a key twice", "---\na: 1\na: 2\n---\n"],
    ["nesting that overflows the stack", `---\na: ${"[".repeat(60_000)}\n---\n`],
    ["far too much", `---\na: ${"x".repeat(200_000)}\n---\n`],
  ])("is refused with a reason: %s", (_, readme) => {
    const { data, errors } = readCardData(readme);
    expect(data).toBeUndefined();
    expect(errors.length).toBeGreaterThan(0);
  });
});
