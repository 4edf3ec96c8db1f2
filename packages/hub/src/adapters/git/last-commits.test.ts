import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import { DEFAULT_GIT } from "./git-command.ts";
import { lastCommits } from "./last-commits.ts";

/** More than git is given as limits of its walk. */
const MANY = 300;

let folder: string;
let day = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "postern-last-commits-"));
  git("init", "--quiet", "--initial-branch=main");
  mkdirSync(join(folder, "many"));
  for (let number = 0; number < MANY; number += 1) writeFileSync(join(folder, `many/${number}.txt`), `${number}`);
  commit({ "thrown-away.txt": "1", "taken.txt": "1", "both.txt": "1" });
  for (let number = 0; number < MANY; number += 7) commit({ [`many/${number}.txt`]: `changed ${number}` });
  git("checkout", "--quiet", "-b", "side");
  commit({ "thrown-away.txt": "side", "taken.txt": "side", "both.txt": "side" });
  git("checkout", "--quiet", "main");
  commit({ "both.txt": "main" });
  merge("side", { "thrown-away.txt": "1", "both.txt": "neither" });
  commit({ "many/5.txt": "late" });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the last commits of many entries", () => {
  it.each(["all at once", "a few at a time"])(
    "are those that git log names one by one, merges included: %s",
    async (how) => {
      const entries = entriesOfHead();
      expect(entries.length).toBeGreaterThan(MANY);
      const width = how === "all at once" ? entries.length : 90;
      const found = new Map<string, string>();
      for (let start = 0; start < entries.length; start += width)
        for (const [path, { id }] of await find(entries.slice(start, start + width))) found.set(path, id);
      const expected = entries.map(({ path }) => [path, git("log", "-1", "--format=%H", "main", "--", path)]);
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    },
  );
});

function find(entries: readonly { readonly path: string; readonly oid: ObjectId }[]) {
  return lastCommits(DEFAULT_GIT, join(folder, ".git"), objectId(git("rev-parse", "main")), entries);
}

function entriesOfHead(): readonly { readonly path: string; readonly oid: ObjectId }[] {
  return git("ls-tree", "-r", "-t", "main")
    .split("\n")
    .map((line) => {
      const [meta = "", path = ""] = line.split("\t");
      return { path, oid: objectId(meta.split(" ")[2] ?? "") };
    });
}

function commit(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  git("add", "--all");
  git("commit", "--quiet", "--message", "m");
}

/** With files of its own, whatever the two sides had. */
function merge(branch: string, files: Readonly<Record<string, string>>): void {
  try {
    git("merge", "--quiet", "--no-commit", "--no-ff", branch);
  } catch {
    // A conflict, which `files` settles.
  }
  commit(files);
}

function git(...args: string[]): string {
  day += 1;
  const date = `${1_700_000_000 + day} +0000`;
  const env = {
    PATH: process.env.PATH,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "ada",
    GIT_AUTHOR_EMAIL: "ada@example.org",
    GIT_COMMITTER_NAME: "ada",
    GIT_COMMITTER_EMAIL: "ada@example.org",
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_DATE: date,
  };
  return execFileSync("git", ["-C", folder, ...args], { encoding: "utf8", env, stdio: "pipe" }).trim();
}

function objectId(text: string): ObjectId {
  const oid = parseObjectId(text);
  if (oid === undefined) throw new Error(`no object id: ${text}`);
  return oid;
}
