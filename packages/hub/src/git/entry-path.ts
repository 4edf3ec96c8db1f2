import { HubError } from "@postern/core/error/hub-error";

/** Longest path in bytes that is stored or looked up. */
export const MAX_PATH_BYTES = 4096;
const MAX_SEGMENT_BYTES = 255;

/**
 * Checks a path of a file or folder inside a repo, so that what we store can be checked out safely on any system.
 *
 * Refuses traversal, empty segments, control characters, backslashes, and every spelling that some file system reads as `.git`:
 * any case, trailing dots and blanks and NTFS streams (CVE-2019-1352), the short name `git~1` (CVE-2014-9390), HFS+ ignorable
 * characters (CVE-2014-9390). `.gitmodules` in disguise is refused likewise (CVE-2018-11235).
 *
 * @returns the path unchanged. @throws {HubError} 400 `BadRequest`.
 */
export function parseEntryPath(path: string): string {
  const fault = faultOf(path);
  if (fault !== undefined) {
    const shown = path.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
    throw new HubError(400, "BadRequest", `Invalid path "${shown}": ${fault}.`);
  }
  return path;
}

function faultOf(path: string): string | undefined {
  if (path === "") return "it is empty";
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `it is longer than ${MAX_PATH_BYTES} bytes`;
  // Bytes that are no UTF-8 have become U+FFFD by now, in a body as in a tree: such a name would be stored as another one.
  if (!path.isWellFormed() || path.includes("\uFFFD")) return "it is no valid Unicode";
  if (hasControlCharacter(path)) return "it contains a control character";
  if (path.includes("\\")) return "it contains a backslash";
  for (const segment of path.split("/")) {
    const fault = segmentFaultOf(segment);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function segmentFaultOf(segment: string): string | undefined {
  if (segment === "") return "it has an empty part";
  if (segment === "." || segment === "..") return `it has a part "${segment}"`;
  if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `a part is longer than ${MAX_SEGMENT_BYTES} bytes`;
  const folded = foldedName(segment);
  if (folded === ".git" || folded === "git~1") return 'some systems read a part as ".git"';
  if (folded === ".gitmodules" || /^gitmod~[0-9]$/.test(folded) || /^gi7eba~[0-9]$/.test(folded)) {
    return "submodules are not supported";
  }
  return undefined;
}

/** Whether git on some system takes the file for a `.gitattributes`, whose lines it then checks (`git fsck`, gitattributesLineLength). */
export function isAttributesFile(path: string): boolean {
  const folded = foldedName(path.slice(path.lastIndexOf("/") + 1));
  return folded === ".gitattributes" || /^gi[0-9a-z]{0,4}~[0-9]+$/.test(folded);
}

/** How a forgiving file system reads a name: HFS+ drops ignorable characters, NTFS cuts streams and trailing dots and blanks. */
function foldedName(segment: string): string {
  const visible = segment.normalize("NFKC").replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "");
  const [withoutStream = ""] = visible.split(":");
  return withoutStream.replace(/[. ]+$/, "").toLowerCase();
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}
