import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LfsAttributes, withLfsRules } from "./git-attributes.ts";
import { GitIgnore } from "./git-ignore.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "postern-attributes-"));
  execFileSync("git", ["init", "-q", folder]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PATHS = [
  "a.bin",
  "x/a.bin",
  "x/y/a.bin",
  "a.bins",
  "saved_model/a",
  "saved_model/x/y",
  "x/saved_model/a",
  "my file.bin",
  "x/my file.bin",
  "events.tfevents.1",
  "[odd]",
  "star*",
  "#hash",
  "abc",
  "adc",
  "a-c",
  "logs/x.txt",
  "x/logs/y",
  "logs",
  "build/keep",
  "é.txt",
  "A.BIN",
];

const PATTERNS = [
  "*.bin",
  "/*.bin",
  "x/*.bin",
  "x/**/*.bin",
  "**/a.bin",
  "x/**",
  "saved_model/**/*",
  "**/saved_model/**",
  "*tfevents*",
  "my[[:space:]]file.bin",
  "\\[odd\\]",
  "star\\*",
  "a[b-d]c",
  "a[!b]c",
  "a?c",
  "?.txt",
  "[[:upper:]].BIN",
  "logs",
  "*",
  "a*c",
  "*a*b*",
];

describe("matching as git does", () => {
  it.each(PATTERNS)(".gitattributes pattern %s", (pattern) => {
    writeFileSync(join(folder, ".gitattributes"), `${pattern} filter=lfs\n`);
    const output = execFileSync("git", ["-C", folder, "check-attr", "-z", "--stdin", "filter"], {
      input: PATHS.map((path) => `${path}\0`).join(""),
      encoding: "utf8",
    }).split("\0");
    const expected = PATHS.filter((_, index) => output[index * 3 + 2] === "lfs");
    const attributes = LfsAttributes.parse(`${pattern} filter=lfs\n`);
    expect(PATHS.filter((path) => attributes.isLfs(path))).toEqual(expected);
  });

  it.each([...PATTERNS, "logs/", "build/\n!build/keep", "*.bin\n!a.bin", "# comment", "\\#hash", "x/", "/logs"])(
    ".gitignore text %j",
    (text) => {
      writeFileSync(join(folder, ".gitignore"), text);
      const output = execFileSync("sh", ["-c", 'git -C "$0" check-ignore -z --no-index --stdin || true', folder], {
        input: PATHS.map((path) => `${path}\0`).join(""),
        encoding: "utf8",
      });
      const ignore = GitIgnore.parse(text);
      expect(PATHS.filter((path) => ignore.ignores(path))).toEqual(output.split("\0").filter(Boolean));
    },
  );

  it("takes a pattern that would keep a backtracking matcher busy for years", () => {
    const attributes = LfsAttributes.parse(`${"*a".repeat(200)}b filter=lfs\n`);
    expect(attributes.isLfs("a".repeat(250))).toBeUndefined();
  });
});

it("adds rules that git reads as meant, and none twice", () => {
  const paths = ["odd [name]?*.dat", "#x", "!y", "dir/sub dir/z", '"q"', "back*slash"];
  const text = withLfsRules("*.bin filter=lfs\nz -filter", [...paths, "a.bin"]);
  expect(text).not.toContain("a.bin");
  expect(withLfsRules(text, paths)).toBe(text);
  writeFileSync(join(folder, ".gitattributes"), text);
  const output = execFileSync("git", ["-C", folder, "check-attr", "-z", "--stdin", "filter"], {
    input: paths.map((path) => `${path}\0`).join(""),
    encoding: "utf8",
  }).split("\0");
  expect(paths.map((_, index) => output[index * 3 + 2])).toEqual(paths.map(() => "lfs"));
});
