import { HubError } from "@postern/core/error/hub-error";

const MAX_NAME_BYTES = 200;
/** Room for every name behind its prefix: what one check lets in, no later one may stumble over. */
const MAX_FULL_REF_BYTES = "refs/heads/".length + MAX_NAME_BYTES;

/**
 * Can `name` follow `refs/heads/` or `refs/tags/`? The rules of git-check-ref-format, and a few names that would read as something
 * else: `HEAD`, a full commit id, anything that begins with `refs/` or `-`.
 */
export function isBranchOrTagName(name: string): boolean {
  return (
    isRefPath(name, MAX_NAME_BYTES) && name !== "HEAD" && !/^[0-9a-f]{40}$/.test(name) && !/^(?:refs\/|-)/.test(name)
  );
}

/** A full ref below `refs/`, safe as a path inside the git directory. */
export function isFullRef(ref: string): boolean {
  return /^refs\/[a-z]+\//.test(ref) && isRefPath(ref, MAX_FULL_REF_BYTES);
}

/** @returns `refs/heads/{name}`. @throws {HubError} 400. */
export function parseBranchRef(name: string): string {
  return parseNamed("branch", "refs/heads/", name);
}

/** @returns `refs/tags/{name}`. @throws {HubError} 400. */
export function parseTagRef(name: string): string {
  return parseNamed("tag", "refs/tags/", name);
}

function parseNamed(word: string, prefix: string, name: string): string {
  if (isBranchOrTagName(name)) return prefix + name;
  const shown = name.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
  throw new HubError(400, "BadRequest", `Invalid ${word} name "${shown}".`);
}

/** git-check-ref-format, rules 1 to 10. */
function isRefPath(name: string, maxBytes: number): boolean {
  if (name === "" || Buffer.byteLength(name) > maxBytes || !name.isWellFormed()) return false;
  // U+FFFD: bytes that were no UTF-8, which would be stored under another name.
  if (/[\s\p{Cc}~^:?*[\\\uFFFD]/u.test(name) || name.includes("..") || name.includes("@{") || name === "@")
    return false;
  return name
    .split("/")
    .every(
      (part) => part !== "" && !part.startsWith(".") && !part.endsWith(".") && !part.toLowerCase().endsWith(".lock"),
    );
}
