import { describe, expect, it } from "vitest";
import { oddCharacterIn } from "./odd-character.ts";

describe("oddCharacterIn", () => {
  it.each([
    ["a zero-width space", "ab\u200bc", "U+200B", 3],
    ["a zero-width joiner", "\u200dabc", "U+200D", 1],
    ["a byte order mark", "abc\ufeff", "U+FEFF", 4],
    ["a soft hyphen", "a\u00adb", "U+00AD", 2],
    ["a right-to-left override", "a\u202eb", "U+202E", 2],
    ["a tag character", "a\u{e0041}b", "U+E0041", 2],
    ["a Hangul filler", "a\u3164b", "U+3164", 2],
    ["a private character", "a\ue000b", "U+E000", 2],
    ["a line feed", "a\nb", "U+000A", 2],
    ["a NUL", "a\0b", "U+0000", 2],
    ["half a character", "a\ud83d", "U+D83D", 2],
    ["a non-breaking space", "a\u00a0b", "U+00A0", 2],
    ["a space in front", " ab", "U+0020", 1],
    ["a space behind", "ab ", "U+0020", 3],
  ])("finds %s in free text", (_what, text, codePoint, position) => {
    expect(oddCharacterIn(text, "text")).toMatchObject({ codePoint, position });
  });

  it("counts characters, not code units", () => {
    expect(oddCharacterIn("\u{1f600}\u200b", "text")?.position).toBe(2);
  });

  it("finds what would be spelled otherwise when composed", () => {
    expect(oddCharacterIn("re\u0301sume", "text")?.position).toBe(2);
    expect(oddCharacterIn("r\u00e9sum\u00e9", "text")).toBeUndefined();
  });

  it("finds a look-alike only where ASCII alone is allowed", () => {
    expect(oddCharacterIn("\u0430cme", "ascii")).toMatchObject({ codePoint: "U+0430", position: 1 });
    expect(oddCharacterIn("\u0430cme", "text")).toBeUndefined();
  });

  it.each(["acme/train", "refs/heads/a b", "x", "", "{9a8b}~!@#$%^&*()"])("has nothing against %j", (text) => {
    expect(oddCharacterIn(text, "ascii")).toBeUndefined();
  });
});
