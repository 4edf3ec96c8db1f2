const PLAIN = "text/plain; charset=utf-8";
const BYTES = "application/octet-stream";

/** Types that a browser shows and never runs. Everything that can carry script (HTML, SVG, XML, PDF, JavaScript) is left out. */
const BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ...["txt", "md", "csv", "tsv", "yaml", "yml", "toml", "ini", "cfg", "py", "log", "jsonl", "ipynb"].map(
    (extension) => [extension, PLAIN] as const,
  ),
  ["json", "application/json"],
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
]);

const PLAIN_NAMES: ReadonlySet<string> = new Set(["README", "LICENSE", "NOTICE", ".gitattributes", ".gitignore"]);

/**
 * The media type of a file that somebody uploaded, from its name alone.
 *
 * Whoever may write to a repo chooses these bytes; served as what they claim to be, a page of theirs would run on the hub's own
 * origin, with the reader's session.
 */
export function safeContentType(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (PLAIN_NAMES.has(name)) return PLAIN;
  const dot = name.lastIndexOf(".");
  return (dot < 0 ? undefined : BY_EXTENSION.get(name.slice(dot + 1).toLowerCase())) ?? BYTES;
}

/** `Content-Disposition` for a file name that may contain anything (RFC 6266, RFC 8187). */
export function contentDisposition(path: string, kind: "inline" | "attachment"): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const ascii = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
