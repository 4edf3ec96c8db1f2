import type { FileHandle } from "node:fs/promises";
import { ServerResponse } from "node:http";
import { Readable } from "node:stream";

const READ_SIZE = 256 * 1024;

/**
 * Bytes `start` to `end` inclusive of an open file, read as fast as they are taken; closes the file whatever happens.
 *
 * Node's own file stream just ends when the file turns out short, and the client would see a success with too few bytes where
 * the length was not checked. This one fails, which cuts the connection.
 *
 * Piped into a response it goes to and fro between two buffers, each used again once the kernel has taken what was in it: two fifths of the
 * server's CPU in a large download went into full collections of buffers that were used once.
 */
export class StoredFileStream extends Readable {
  readonly #file: FileHandle;
  readonly #end: number;
  #position: number;

  constructor(file: FileHandle, start: number, end: number) {
    super({ highWaterMark: READ_SIZE });
    this.#file = file;
    this.#position = start;
    this.#end = end;
  }

  override _read(): void {
    if (this.#left <= 0) {
      this.push(null);
      return;
    }
    this.#next(Buffer.allocUnsafeSlow(Math.min(READ_SIZE, this.#left))).then(
      (piece) => this.push(piece),
      (error) => this.destroy(error),
    );
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { readonly end?: boolean }): T {
    // Anything else might keep a piece after it said that it is done with it.
    const isResponse = destination instanceof ServerResponse;
    if (!isResponse || options?.end === false || this.readableFlowing !== null) return super.pipe(destination, options);
    this.#pump(destination).catch((error) => this.destroy(error));
    return destination;
  }

  async #pump(destination: NodeJS.WritableStream): Promise<void> {
    const size = Math.min(READ_SIZE, this.#left);
    let [free, busy] = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)];
    let taken: Promise<void> = Promise.resolve();
    while (this.#left > 0 && !this.destroyed) {
      const piece = await this.#next(free);
      // Only now may the other buffer be filled again, and only one piece is ever under way.
      await taken;
      taken = write(destination, piece);
      // Looked at in the next turn; without this a failure before that would end the process.
      taken.catch(() => undefined);
      [free, busy] = [busy, free];
    }
    await taken;
    if (this.destroyed) return;
    destination.end();
    // Whoever waits for the end of this stream hears of it.
    this.push(null);
    this.resume();
  }

  get #left(): number {
    return this.#end - this.#position + 1;
  }

  /** The next piece, in `buffer`. @throws {Error} when the file ends before it should. */
  async #next(buffer: Buffer): Promise<Buffer> {
    const wanted = Math.min(buffer.length, this.#left);
    const { bytesRead } = await this.#file.read(buffer, 0, wanted, this.#position);
    if (bytesRead === 0) throw new Error("a stored object is shorter than it was when its transfer began");
    this.#position += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#file.close().then(
      () => done(error),
      (closing) => done(error ?? closing),
    );
  }
}

/** Resolves when the kernel has the piece. */
function write(destination: NodeJS.WritableStream, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    destination.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}
