import { HubError } from "@postern/core/error/hub-error";
import type { BlobWriter } from "../git/git-repository.ts";
import { Base64Stream } from "./base64-stream.ts";

export interface LineLimits {
  /** Bytes of the whole body. */
  readonly maxBodyBytes: number;
  /** Bytes of one line, its content included. */
  readonly maxLineBytes: number;
}

/** Room for 100 MB of regular content in base64, which the Python client puts into one commit, and for files below the LFS size. */
export const DEFAULT_COMMIT_LIMITS: LineLimits = { maxBodyBytes: 512 * 1024 * 1024, maxLineBytes: 24 * 1024 * 1024 };

/** One line of a commit request. */
export interface ReceivedLine {
  /** JSON. Where the content was long it is the empty string here. */
  readonly text: Buffer;
  /** Where the long content went, already decoded from base64. */
  readonly content: BlobWriter | undefined;
}

/** A line up to this size stays whole in memory; of a longer one everything but the content has to fit. */
const INLINE_BYTES = 64 * 1024;
/** In valid JSON this can only be the key: inside a string the quotes would be escaped. */
const CONTENT_KEY = /"content"[ \t]*:[ \t]*"/;
const QUOTE = 0x22;
const NEWLINE = 0x0a;

/**
 * The lines of a commit request; empty ones are left out, the last may lack its newline (hub-wire §7.4).
 *
 * Long content never is in memory as a whole: it is decoded as it comes in and handed to a blob writer.
 *
 * @throws {HubError} 413 `PayloadTooLarge`; 400 when long content is no base64.
 */
export async function* readLines(
  body: AsyncIterable<Uint8Array>,
  limits: LineLimits,
  openContent: () => Promise<BlobWriter>,
): AsyncGenerator<ReceivedLine> {
  let line = new LineInProgress(openContent, limits.maxLineBytes);
  let bodyBytes = 0;
  try {
    for await (const piece of body) {
      const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      bodyBytes += chunk.length;
      if (bodyBytes > limits.maxBodyBytes) throw tooLarge("This commit", limits.maxBodyBytes);
      let start = 0;
      // A newline inside of JSON strings is escaped, so every raw one ends a line.
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        await line.take(chunk.subarray(start, end));
        const finished = line.finish();
        if (finished.text.length > 0) yield finished;
        line = new LineInProgress(openContent, limits.maxLineBytes);
        start = end + 1;
      }
      await line.take(chunk.subarray(start));
    }
    const last = line.finish();
    if (last.text.length > 0) yield last;
  } finally {
    await line.discard();
  }
}

class LineInProgress {
  readonly #openContent: () => Promise<BlobWriter>;
  readonly #maxBytes: number;
  #text: Buffer[] = [];
  #textBytes = 0;
  #bytes = 0;
  #writer: BlobWriter | undefined;
  /** Set while the content is coming in. */
  #decoder: Base64Stream | undefined;

  constructor(openContent: () => Promise<BlobWriter>, maxBytes: number) {
    this.#openContent = openContent;
    this.#maxBytes = maxBytes;
  }

  async take(part: Buffer): Promise<void> {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) throw tooLarge("A file in this commit", this.#maxBytes);
    if (this.#decoder !== undefined) await this.#takeContent(this.#decoder, part);
    else await this.#takeText(part);
  }

  finish(): ReceivedLine {
    if (this.#decoder !== undefined)
      throw new HubError(400, "BadRequest", "A line of the commit ends inside its content.");
    const finished = { text: Buffer.concat(this.#text), content: this.#writer };
    this.#writer = undefined;
    return finished;
  }

  async discard(): Promise<void> {
    await this.#writer?.discard();
  }

  async #takeText(part: Buffer): Promise<void> {
    this.#text.push(part);
    this.#textBytes += part.length;
    if (this.#textBytes <= INLINE_BYTES) return;
    const text = Buffer.concat(this.#text);
    const key = this.#writer === undefined ? CONTENT_KEY.exec(text.toString("latin1")) : null;
    if (key === null) throw tooLarge("A line of this commit without its content", INLINE_BYTES);
    const start = key.index + key[0].length;
    this.#text = [text.subarray(0, start)];
    this.#textBytes = start;
    this.#writer = await this.#openContent();
    this.#decoder = new Base64Stream();
    await this.#takeContent(this.#decoder, text.subarray(start));
  }

  async #takeContent(decoder: Base64Stream, part: Buffer): Promise<void> {
    const quote = part.indexOf(QUOTE);
    const decoded = decoder.decode(quote < 0 ? part : part.subarray(0, quote));
    if (decoded.length > 0) await this.#writer?.write(decoded);
    if (quote < 0) return;
    decoder.end();
    this.#decoder = undefined;
    await this.#takeText(part.subarray(quote));
  }
}

function tooLarge(what: string, limit: number): HubError {
  const shown = limit < 1024 * 1024 ? `${Math.floor(limit / 1024)} KiB` : `${Math.floor(limit / 1024 / 1024)} MiB`;
  return new HubError(
    413,
    "PayloadTooLarge",
    `${what} is larger than ${shown} as it is sent. Upload large files as LFS files, or split the commit.`,
  );
}
