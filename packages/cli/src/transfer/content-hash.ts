import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { FileHash } from "./repo-files.ts";

/** Starts the hash that the hub names this content by. @param size - Bytes; git hashes it in front of the content. */
export function startHash(expected: FileHash, size: number): Hash | undefined {
  switch (expected.kind) {
    case "sha256":
      return createHash("sha256");
    case "git-blob":
      return createHash("sha1").update(`blob ${size}\0`);
    case "unknown":
      return undefined;
  }
}

/** Has the file at `path` exactly this content? An unknown hash is never taken for a match. */
export async function hasContent(path: string, expected: FileHash, size: number): Promise<boolean> {
  const hash = startHash(expected, size);
  if (hash === undefined || expected.kind === "unknown") return false;
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex") === expected.hex;
}
