/** RFC 8288 as the JavaScript client reads it: an absolute URL, then a semicolon and a space (hub-wire §0, 13). */
export function nextLink(
  origin: string,
  path: string,
  query: Readonly<Record<string, string>> | URLSearchParams,
): string {
  return `<${origin}${path}?${new URLSearchParams(query)}>; rel="next"`;
}

/** A path inside a repo as part of a URL path. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** An opaque cursor for a text. */
export function encodeCursor(text: string): string {
  return Buffer.from(text).toString("base64url");
}

/** The text of a cursor. One that was not ours gives a text that names nothing. */
export function decodeCursor(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString("utf8");
}
