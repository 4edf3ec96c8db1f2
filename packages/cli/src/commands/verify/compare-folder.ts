import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { CommittedFile } from "@postern/client";

/** How the files in a folder differ from those of a commit, by path. */
export interface FolderDifference {
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  /** In the folder and not in the commit. */
  readonly extra: readonly string[];
}

/** A repo's own history, and what downloads leave beside the files. */
const LEFT_OUT: ReadonlySet<string> = new Set([".git", ".cache/huggingface"]);
const LINK = "120000";
const SUBMODULE = "160000";

/** Compares every file by its content; an LFS file may be there as itself or as its pointer. Submodules are left out. */
export async function compareFolder(folder: string, files: readonly CommittedFile[]): Promise<FolderDifference> {
  const changed: string[] = [];
  const missing: string[] = [];
  const expected = new Set<string>();
  for (const file of files) {
    expected.add(file.path);
    if (file.mode === SUBMODULE) continue;
    const verdict = await judgeFile(join(folder, file.path), file);
    if (verdict === "changed") changed.push(file.path);
    if (verdict === "missing") missing.push(file.path);
  }
  const submodules = files.filter(({ mode }) => mode === SUBMODULE).map(({ path }) => path);
  const extra: string[] = [];
  for await (const path of pathsIn(folder, "", new Set([...LEFT_OUT, ...submodules])))
    if (!expected.has(path)) extra.push(path);
  return { changed, missing, extra };
}

async function judgeFile(path: string, { mode, oid }: CommittedFile): Promise<"same" | "changed" | "missing"> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return "missing";
  if (mode === LINK) {
    if (!found.isSymbolicLink()) return "changed";
    return blobId(Buffer.from(await readlink(path))) === oid ? "same" : "changed";
  }
  if (!found.isFile()) return "changed";
  const blob = createHash("sha1").update(`blob ${found.size}\0`);
  const content = createHash("sha256");
  for await (const chunk of createReadStream(path)) {
    blob.update(chunk);
    content.update(chunk);
  }
  if (blob.digest("hex") === oid) return "same";
  // What an LFS file is committed as (hub-wire §9).
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${content.digest("hex")}\nsize ${found.size}\n`;
  return blobId(Buffer.from(pointer)) === oid ? "same" : "changed";
}

function blobId(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

async function* pathsIn(folder: string, prefix: string, leftOut: ReadonlySet<string>): AsyncGenerator<string> {
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (leftOut.has(path)) continue;
    if (entry.isDirectory()) yield* pathsIn(folder, path, leftOut);
    else yield path;
  }
}
