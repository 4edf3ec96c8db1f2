import { Readable } from "node:stream";
import type { ByteRange } from "../../git/git-repository.ts";
import type { ObjectId } from "../../git/object-id.ts";
import { type GitProgram, spawnGit } from "./git-command.ts";

/**
 * Streams a large blob out of a git process of its own; the pipe holds it back to the reader's pace, so memory stays flat.
 *
 * The stream fails when git delivers fewer bytes than `size`: a short file must never look complete.
 */
export function openLargeBlob(
  program: GitProgram,
  gitDirectory: string,
  oid: ObjectId,
  size: number,
  range: ByteRange = { start: 0, length: size },
): Readable {
  return Readable.from(blobChunks(program, gitDirectory, oid, range), { objectMode: false });
}

async function* blobChunks(
  program: GitProgram,
  gitDirectory: string,
  oid: ObjectId,
  { start, length }: ByteRange,
): AsyncGenerator<Buffer> {
  const child = spawnGit(program, gitDirectory, ["cat-file", "blob", oid]);
  child.on("error", (error) => child.stdout.destroy(error));
  child.stdin.on("error", () => {});
  child.stdin.end();
  child.stderr.resume();
  const end = start + length;
  let position = 0;
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      const part = chunk.subarray(Math.max(0, start - position), Math.max(0, end - position));
      position += chunk.length;
      if (part.length > 0) yield part;
      if (position >= end) return;
    }
    if (position < end) throw new Error(`git delivered ${position} of ${end} bytes of ${oid}`);
  } finally {
    child.kill();
  }
}
