/** What an LFS pointer says: which object stands for the file. It proves no right to that object. */
export interface LfsPointer {
  /** SHA-256 of the content, 64 lower-case hex digits. */
  readonly oid: string;
  /** Bytes of the content. */
  readonly size: number;
}

/** git-lfs never writes a longer pointer, so a longer blob need not be read to know that it is none. */
export const MAX_POINTER_BYTES = 1024;

const VERSION = "version https://git-lfs.github.com/spec/v1";

/** Exactly three lines, each with a newline (hub-wire §9). */
export function formatLfsPointer({ oid, size }: LfsPointer): string {
  return `${VERSION}\noid sha256:${oid}\nsize ${size}\n`;
}

/** Reads what git-lfs would take for a pointer, extension lines included. @returns `undefined` for any other content. */
export function parseLfsPointer(content: Uint8Array): LfsPointer | undefined {
  if (content.byteLength > MAX_POINTER_BYTES || content.byteLength < VERSION.length) return undefined;
  const lines = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("latin1").split("\n");
  if (!/^version https:\/\/(?:git-lfs\.github\.com|hawser\.github\.com)\/spec\/v1\r?$/.test(lines[0] ?? "")) {
    return undefined;
  }
  const oid = lineValue(lines, /^oid sha256:([0-9a-f]{64})\r?$/);
  const size = lineValue(lines, /^size ([0-9]{1,15})\r?$/);
  return oid === undefined || size === undefined ? undefined : { oid, size: Number(size) };
}

function lineValue(lines: readonly string[], shape: RegExp): string | undefined {
  for (const line of lines) {
    const value = shape.exec(line)?.[1];
    if (value !== undefined) return value;
  }
  return undefined;
}
