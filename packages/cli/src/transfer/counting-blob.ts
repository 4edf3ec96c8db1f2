/**
 * A blob that reports how much of it was read, so that an upload can show its progress.
 *
 * It overrides what `fetch` uses of a body, as the lazy file blob of `@huggingface/hub` does, and never holds the content.
 */
export class CountingBlob extends Blob {
  readonly #content: Blob;
  readonly #onBytes: (count: number) => void;

  constructor(content: Blob, onBytes: (count: number) => void) {
    super();
    this.#content = content;
    this.#onBytes = onBytes;
  }

  override get size(): number {
    return this.#content.size;
  }

  override get type(): string {
    return this.#content.type;
  }

  override stream(): ReturnType<Blob["stream"]> {
    const onBytes = this.#onBytes;
    return this.#content.stream().pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform: (chunk, controller) => {
          onBytes(chunk.byteLength);
          controller.enqueue(chunk);
        },
      }),
    );
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#content.arrayBuffer();
  }

  override slice(start?: number, end?: number, type?: string): Blob {
    return this.#content.slice(start, end, type);
  }
}
