import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const DEEP = Array.from({ length: 40 }, (_, level) => `level ${level}`).join("/");

/** Paths that some part on the way could change, cut or mix up; every one is a valid path of a repo. */
export const AWKWARD_PATHS: readonly string[] = [
  "plain.txt",
  "with space.txt",
  " blanks around ",
  "two  blanks.txt",
  // The same letters composed (NFC) and decomposed (NFD): two files.
  "caf\u00e9.txt",
  "cafe\u0301.txt",
  "100% sure.txt",
  "%41.txt",
  "A.txt",
  "%2e%2e%2fescaped.txt",
  "hash#tag.txt",
  "plus+plus.txt",
  "question?mark=1.txt",
  "amp&semi;colon:equals=at@.txt",
  "quote'double\".txt",
  "[brackets]{braces}(round).txt",
  "star*dollar$bang!tick`pipe|caret^.txt",
  "comma,tilde~dash-.txt",
  "-starts-with-dash",
  ".hidden",
  ".folder/.hidden",
  "...",
  "日本語/モデル.txt",
  "emoji 😀.txt",
  "rtl \u05d0\u05d1.txt",
  "Case.txt",
  "case.txt",
  "CASE.TXT",
  "Folder/file.txt",
  "folder/file.txt",
  // 255 bytes, the most that a name may have: one byte a letter, and three.
  `${"n".repeat(251)}.txt`,
  "名".repeat(85),
  `${DEEP}/file.txt`,
  "empty.txt",
  "empty.bin",
  "main",
  "resolve/main/x.txt",
  "weights.bin",
  "folder with space/wéights #1 100%.bin",
  "日本語/重み.safetensors",
];

const EMPTY: ReadonlySet<string> = new Set(["empty.txt", "empty.bin"]);

/** Path → content; each differs, and the ones that LFS takes are not text. */
export const AWKWARD_FILES: ReadonlyMap<string, Buffer> = new Map(
  AWKWARD_PATHS.map((name, at) => [name, contentOf(name, at)]),
);

function contentOf(name: string, at: number): Buffer {
  if (EMPTY.has(name)) return Buffer.alloc(0);
  if (!isLarge(name)) return Buffer.from(`${at}\r\n${name}\n`);
  return Buffer.alloc(20_000 + at, createHash("sha256").update(name).digest());
}

/** Does the `.gitattributes` that repos are born with send it to LFS? */
export function isLarge(name: string): boolean {
  return /\.(bin|safetensors)$/.test(name);
}

/** Writes the files below `folder`. */
export function writeAwkwardFiles(folder: string): void {
  for (const [name, content] of AWKWARD_FILES) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
