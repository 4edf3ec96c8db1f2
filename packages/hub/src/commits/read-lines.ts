import { HubError } from "@postern/core/error/hub-error";

export interface LineLimits {
  /** Bytes of the whole body. */
  readonly maxBodyBytes: number;
  /** Bytes of one line. One line at a time is in memory. */
  readonly maxLineBytes: number;
}

/** Room for 100 MB of regular content in base64, which the Python client puts into one commit, and for files below the LFS size. */
export const DEFAULT_COMMIT_LIMITS: LineLimits = { maxBodyBytes: 512 * 1024 * 1024, maxLineBytes: 24 * 1024 * 1024 };

/**
 * The lines of a body, without their newlines; empty lines are left out, the last may lack its newline (hub-wire §7.4).
 *
 * @throws {HubError} 413 `PayloadTooLarge`.
 */
export async function* readLines(body: AsyncIterable<Uint8Array>, limits: LineLimits): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let lineBytes = 0;
  let bodyBytes = 0;
  for await (const chunk of body) {
    bodyBytes += chunk.byteLength;
    if (bodyBytes > limits.maxBodyBytes) throw tooLarge("This commit", limits.maxBodyBytes);
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      if (lineBytes + end - start > limits.maxLineBytes) throw tooLarge("A file in this commit", limits.maxLineBytes);
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts);
      parts = [];
      lineBytes = 0;
      start = end + 1;
      if (line.length > 0) yield line;
    }
    parts.push(chunk.subarray(start));
    lineBytes += chunk.byteLength - start;
    if (lineBytes > limits.maxLineBytes) throw tooLarge("A file in this commit", limits.maxLineBytes);
  }
  if (lineBytes > 0) yield Buffer.concat(parts);
}

function tooLarge(what: string, limit: number): HubError {
  const mebibytes = Math.floor(limit / (1024 * 1024));
  return new HubError(
    413,
    "PayloadTooLarge",
    `${what} is larger than ${mebibytes} MiB as it is sent. Upload large files as LFS files, or split the commit.`,
  );
}
