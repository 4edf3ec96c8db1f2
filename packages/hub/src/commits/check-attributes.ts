import { HubError } from "@postern/core/error/hub-error";
import { isAttributesFile } from "../git/entry-path.ts";
import type { GitRepository, StagedObjects } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";

/** Bytes; git passes over longer lines, and `git fsck` calls the file malformed (`ATTR_MAX_LINE_LENGTH` in git's attr.h). */
const MAX_LINE_BYTES = 2047;
/** No line of a commit request, and so no file, is larger. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Refuses what git itself refuses a push for, so that a repo that was written through the API can be pushed elsewhere.
 *
 * @throws {HubError} 400 when a `.gitattributes` among `files` has a line that git does not read.
 */
export async function refuseLongAttributes(
  git: Pick<GitRepository, "readBlob">,
  staged: Pick<StagedObjects, "readBlob">,
  files: readonly { readonly path: string; readonly oid: ObjectId }[],
): Promise<void> {
  for (const { path, oid } of files) {
    if (!isAttributesFile(path)) continue;
    const content = (await staged.readBlob(oid, MAX_FILE_BYTES)) ?? (await git.readBlob(oid, MAX_FILE_BYTES));
    if (content !== undefined) refuseLongLines(path, content);
  }
}

/** @throws {HubError} 400 when `path` is a `.gitattributes` with a line that git does not read. */
export function refuseLongLines(path: string, content: Uint8Array): void {
  if (!isAttributesFile(path)) return;
  for (let start = 0; start < content.length; ) {
    const found = content.indexOf(NEWLINE, start);
    const end = found < 0 ? content.length : found;
    if (end - start > MAX_LINE_BYTES) {
      throw new HubError(
        400,
        "BadRequest",
        `"${path.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200)}" has a line of more than ${MAX_LINE_BYTES} bytes, which git does not read. Give large files at long paths a shorter rule first, such as "*.bin filter=lfs diff=lfs merge=lfs -text".`,
      );
    }
    start = end + 1;
  }
}
