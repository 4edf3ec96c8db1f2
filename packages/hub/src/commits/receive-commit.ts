import { HubError } from "@postern/core/error/hub-error";
import type { BlobWriter, StagedObjects } from "../git/git-repository.ts";
import { formatLfsPointer, type LfsPointer, parseLfsPointer } from "../git/lfs-pointer.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import type { CommitHeader, CommitOperation } from "./commit-operation.ts";
import { type CommitLine, parseCommitLine } from "./parse-commit-line.ts";
import { type LineLimits, readLines } from "./read-lines.ts";

/** Most changes in one commit; the memory of a commit grows with this and not with its content. */
const MAX_OPERATIONS = 100_000;

/** A commit request whose content is in staged objects. */
export interface ReceivedCommit {
  readonly header: CommitHeader;
  readonly operations: readonly CommitOperation[];
  /** Paths that became LFS files. */
  readonly lfsPaths: readonly string[];
}

/**
 * Reads a commit request line by line; each file's content goes into a staged object at once.
 *
 * Invariant: a pointer is only stored for an object that is linked to this repo, whether it came as `lfsFile` or as the text of a
 * `file`. Otherwise knowing a hash would be enough to read another repo's file.
 *
 * @throws {HubError} 400 `BadRequest` or `ObjectMissing`, 413 `PayloadTooLarge`.
 */
export async function receiveCommit(
  body: AsyncIterable<Uint8Array>,
  staged: StagedObjects,
  lfs: LfsObjects,
  repoId: string,
  limits: LineLimits,
): Promise<ReceivedCommit> {
  let header: CommitHeader | undefined;
  const operations: CommitOperation[] = [];
  const lfsPaths: string[] = [];
  let lineNumber = 0;
  for await (const { text, content } of readLines(body, limits, () => staged.openBlobWriter())) {
    lineNumber += 1;
    await using _ = { [Symbol.asyncDispose]: async () => content?.discard() };
    const line = parseCommitLine(text, lineNumber, content !== undefined);
    if (line.key === "header") {
      if (header !== undefined) throw new HubError(400, "BadRequest", "A commit has one header.");
      header = line.header;
      continue;
    }
    if (header === undefined) throw new HubError(400, "BadRequest", "The first line of a commit is its header.");
    if (operations.length >= MAX_OPERATIONS) {
      throw new HubError(413, "PayloadTooLarge", `A commit has at most ${MAX_OPERATIONS} changes. Split it.`);
    }
    operations.push(await toOperation(line, content, staged, lfs, repoId));
    if (line.key === "lfsFile") lfsPaths.push(line.path);
  }
  if (header === undefined) throw new HubError(400, "BadRequest", "The first line of a commit is its header.");
  return { header, operations, lfsPaths };
}

async function toOperation(
  line: Exclude<CommitLine, { key: "header" }>,
  content: BlobWriter | undefined,
  staged: StagedObjects,
  lfs: LfsObjects,
  repoId: string,
): Promise<CommitOperation> {
  switch (line.key) {
    case "deletedFile":
      return { kind: "delete-file", path: line.path };
    case "deletedFolder":
      return { kind: "delete-folder", path: line.path };
    case "copyFile":
      return { kind: "copy", from: line.srcPath, path: line.path, revision: line.srcRevision };
    case "file": {
      if (line.content === undefined) return moved(line.oldPath, line.path, undefined);
      if (line.content === "received") {
        if (content === undefined) throw new Error("unreachable: content without a writer");
        return moved(line.oldPath, line.path, await content.finish());
      }
      const pointer = parseLfsPointer(line.content);
      if (pointer !== undefined) await requireLinked(lfs, repoId, line.path, pointer.oid, pointer.size);
      return moved(line.oldPath, line.path, await staged.writeBlob(line.content));
    }
    case "lfsFile": {
      if (line.oid === undefined) return moved(line.oldPath, line.path, undefined);
      const pointer = await requireLinked(lfs, repoId, line.path, line.oid, line.size);
      return moved(line.oldPath, line.path, await staged.writeBlob(Buffer.from(formatLfsPointer(pointer))));
    }
  }
}

function moved(
  from: string | undefined,
  path: string,
  oid: Extract<CommitOperation, { kind: "move" }>["oid"],
): CommitOperation {
  if (from !== undefined) return { kind: "move", from, path, oid };
  if (oid === undefined) throw new HubError(400, "BadRequest", "A file needs content or an oldPath.");
  return { kind: "put", path, oid };
}

async function requireLinked(
  lfs: LfsObjects,
  repoId: string,
  path: string,
  oid: string,
  claimedSize: number | undefined,
): Promise<LfsPointer> {
  const size = await lfs.claim(repoId, oid);
  const shown = path.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
  if (size === undefined) {
    throw new HubError(400, "ObjectMissing", `The LFS object of "${shown}" (${oid}) was not uploaded to this repo.`);
  }
  if (claimedSize !== undefined && claimedSize !== size) {
    throw new HubError(400, "BadRequest", `"${shown}" claims ${claimedSize} bytes, its LFS object has ${size}.`);
  }
  return { oid, size };
}
