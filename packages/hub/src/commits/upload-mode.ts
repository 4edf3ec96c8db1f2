/** From this size on a file is an LFS file whatever it holds (the Hub's rule: above 10 MB). */
export const LFS_FROM_BYTES: number = 10 * 1000 * 1000;
/** Binary content bloats a git history much earlier than text, which packs well. */
const BINARY_LFS_FROM_BYTES = 256 * 1024;

/**
 * How a file should be sent. `.gitattributes` decides, except that a large file is never stored in git.
 *
 * @param attribute - What `.gitattributes` says; `undefined` when it says nothing.
 * @param sample - The first bytes of the file.
 */
export function uploadModeOf(attribute: boolean | undefined, size: number, sample: Uint8Array): "regular" | "lfs" {
  if (size === 0) return "regular";
  if (size >= LFS_FROM_BYTES) return "lfs";
  if (attribute !== undefined) return attribute ? "lfs" : "regular";
  return sample.includes(0) && size >= BINARY_LFS_FROM_BYTES ? "lfs" : "regular";
}
