import { Transform, type TransformCallback } from "node:stream";

/**
 * Passes exactly `length` bytes on, or fails.
 *
 * "Downloaded" while truncated is the worst a hub can do: a source that ends early must cut the connection, never look like the
 * end of the file.
 */
export class ExactLength extends Transform {
  #left: number;

  constructor(length: number) {
    super();
    this.#left = length;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#left -= chunk.length;
    done(this.#left < 0 ? new Error("a stored file is longer than it was when its transfer began") : null, chunk);
  }

  override _flush(done: TransformCallback): void {
    done(this.#left > 0 ? new Error("a stored file ended early") : null);
  }
}
