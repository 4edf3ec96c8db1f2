/** A strong entity tag: the digest in quotes (RFC 9110 §8.8.3). */
export function entityTagOf(digest: string): string {
  return `"${digest}"`;
}

/** Does `If-None-Match` name this tag? Weak comparison, as RFC 9110 §13.1.2 asks. */
export function noneMatchNames(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  return header.split(",").some((candidate) => candidate.trim().replace(/^W\//, "") === tag);
}

/** Does `If-Range` allow a range? Strong comparison; a date never matches, because we send none (RFC 9110 §13.1.5). */
export function ifRangeAllows(header: string | undefined, tag: string): boolean {
  return header === undefined || header.trim() === tag;
}
