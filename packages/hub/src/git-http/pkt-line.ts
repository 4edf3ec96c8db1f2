import type { Readable } from "node:stream";
import { HubError } from "@postern/core/error/hub-error";

/** Ends a list of lines (gitprotocol-common). */
export const FLUSH: Buffer = Buffer.from("0000");

/** Longest line that git sends, its four digits included. */
const MAX_LINE = 65_520;

/** One line with its length in front. @throws {Error} when it is too long. */
export function pktLine(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  const length = bytes.length + 4;
  if (length > MAX_LINE) throw new Error("a pkt-line is too long");
  return Buffer.concat([Buffer.from(length.toString(16).padStart(4, "0")), bytes]);
}

/** A line, or one of the marks that stand between lines. */
export type Pkt =
  | { readonly kind: "line"; readonly content: Buffer }
  | { readonly kind: "flush" | "delimiter" | "end" };

/**
 * Reads lines off the front of a body; what is left behind them can be read as it comes.
 *
 * Memory: one chunk of the body and one line.
 */
export class PktReader {
  readonly #body: Readable;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(body: Readable) {
    this.#body = body;
    this.#chunks = body.iterator({ destroyOnReturn: false });
  }

  /** `undefined` at the end of the body. @throws {HubError} 400 for what is no line. */
  async next(): Promise<Pkt | undefined> {
    if (!(await this.#fill(4))) {
      if (this.#held.length === 0) return undefined;
      throw malformed();
    }
    const digits = this.#held.toString("latin1", 0, 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw malformed();
    const length = Number.parseInt(digits, 16);
    if (length < 4) {
      this.#held = this.#held.subarray(4);
      if (length === 0) return { kind: "flush" };
      if (length === 1) return { kind: "delimiter" };
      if (length === 2) return { kind: "end" };
      throw malformed();
    }
    if (length > MAX_LINE || !(await this.#fill(length))) throw malformed();
    const content = this.#held.subarray(4, length);
    this.#held = this.#held.subarray(length);
    return { kind: "line", content };
  }

  /** The body from behind the lines that were read; no more lines can be read then. */
  async rest(): Promise<Readable> {
    await this.#chunks.return?.();
    if (this.#held.length > 0) this.#body.unshift(this.#held);
    this.#held = Buffer.alloc(0);
    this.#ended = true;
    return this.#body;
  }

  async #fill(bytes: number): Promise<boolean> {
    while (this.#held.length < bytes) if (!(await this.#more())) return false;
    return true;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const { done, value } = await this.#chunks.next();
    if (done === true) {
      this.#ended = true;
      return false;
    }
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    return true;
  }
}

function malformed(): HubError {
  return new HubError(400, "BadRequest", "This is not what git sends: a line has no proper length.");
}
