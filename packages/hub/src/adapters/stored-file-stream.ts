import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";

const READ_SIZE = 256 * 1024;

/**
 * Bytes `start` to `end` inclusive of an open file, read as fast as they are taken; closes the file whatever happens.
 *
 * Node's own file stream just ends when the file turns out short, and the client would see a success with too few bytes where
 * the length was not checked. This one fails, which cuts the connection.
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
    const left = this.#end - this.#position + 1;
    if (left <= 0) {
      this.push(null);
      return;
    }
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, left));
    this.#file.read(buffer, 0, buffer.length, this.#position).then(
      ({ bytesRead }) => {
        if (bytesRead === 0) {
          this.destroy(new Error("a stored object is shorter than it was when its transfer began"));
          return;
        }
        this.#position += bytesRead;
        this.push(buffer.subarray(0, bytesRead));
      },
      (error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#file.close().then(
      () => done(error),
      (closing) => done(error ?? closing),
    );
  }
}
