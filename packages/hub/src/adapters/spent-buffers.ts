import type { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes that flow between two collections; V8 by itself begins a full one every 32 to 64 MB of buffers. */
const STEP = 16 * 1024 * 1024;

/**
 * Gives back the buffers of large transfers while they are young.
 *
 * Each chunk of a stream is memory outside of V8's heap. Its small collections are triggered by the heap alone, so that chunks pile up until a
 * full collection of everything is due, several times a second: measured, more than half of the server's CPU time in a clone.
 * A small collection costs a fraction of a millisecond.
 */
export class SpentBuffers {
  readonly #collect: () => void;
  #passed = 0;

  /** @param collect - Default: V8's small collection, where it can be had. */
  constructor(collect: () => void = smallCollection()) {
    this.#collect = collect;
  }

  /** Watches a stream from when somebody begins to read it; does not make it flow. */
  watch(stream: Readable): void {
    stream.once("resume", () => stream.on("data", (chunk: Uint8Array) => this.passed(chunk.byteLength)));
  }

  passed(bytes: number): void {
    this.#passed += bytes;
    if (this.#passed < STEP) return;
    this.#passed = 0;
    this.#collect();
  }
}

function smallCollection(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  return typeof collect === "function" ? () => void collect({ type: "minor" }) : () => {};
}
