import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { parseEntryPath } from "./entry-path.ts";

const repo = mkdtempSync(join(tmpdir(), "postern-entry-path-"));
afterAll(() => rmSync(repo, { recursive: true }));

/** Writes an object as it is, whatever git would think of it. @returns its id. */
function store(type: "blob" | "tree", content: Buffer): string {
  const object = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
  const oid = createHash("sha1").update(object).digest("hex");
  const file = join(repo, "objects", oid.slice(0, 2), oid.slice(2));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, deflateSync(object, { level: 1 }));
  return oid;
}

function takes(name: string): boolean {
  try {
    return parseEntryPath(name) === name;
  } catch {
    return false;
  }
}

it("takes no name that git fsck takes exception to, among thousands that are almost .git", () => {
  const seed = Number(process.env.POSTERN_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`entry-path: POSTERN_TEST_SEED=${seed}`);
  spawnSync("git", ["init", "--bare", "--quiet", repo]);
  const piece = fc.oneof(
    fc.constantFrom(".git", ".GIT", "git~1", "GIT~1", ".g", "it", "modules", "gitmod~1", "gi7eba~1", ".", ".."),
    fc.constantFrom(" ", ".", ":", "\\", "\u200c", "\u200d", "\u202e", "\u206a", "\ufeff", "\u00ad", "::$DATA", "x"),
    fc.string({ minLength: 1, maxLength: 2, unit: "grapheme" }),
  );
  const anyName = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
  const disguised = fc
    .tuple(
      fc.constantFrom(".git", ".GIT", ".gIt", "git~1", "GIT~1"),
      fc.nat({ max: 5 }),
      fc.constantFrom("", "\u200c", "\u200f", "\u202c", "\u206f", "\ufeff", "\u00ad", "x"),
      fc.constantFrom("", " ", ".", ". .", ":", ":x", " ::$DATA", "\\", "\\x", "-", "~"),
    )
    .map(([base, at, inside, behind]) => base.slice(0, at) + inside + base.slice(at) + behind);
  const names = fc.sample(
    fc.oneof(anyName, disguised).map((name) => name.replaceAll(/[/\0]/g, "") || "x"),
    { seed, numRuns: 3000 },
  );
  const blob = Buffer.from(store("blob", Buffer.from("x\n")), "hex");
  const trees = new Map(
    names.map((name) => [store("tree", Buffer.concat([Buffer.from(`100644 ${name}\0`), blob])), name] as const),
  );
  const { stdout, stderr } = spawnSync("git", ["--git-dir", repo, "fsck", "--strict", "--no-dangling"], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const faulty = [...`${stdout}\n${stderr}`.matchAll(/(?:error|warning) in tree ([0-9a-f]{40}): /g)].map(
    ([, oid = ""]) => trees.get(oid) ?? "",
  );
  expect(faulty.length).toBeGreaterThan(40);
  expect(faulty.filter(takes)).toEqual([]);
  // And it is no wall: what is only odd goes through.
  expect(names.filter(takes).length).toBeGreaterThan(500);
});
