import type { GitProgram } from "./git-command.ts";
import { ObjectReader, ReaderGoneError } from "./object-reader.ts";

export interface ReaderPoolOptions {
  /** Most processes at a time; the one idle longest goes first. */
  readonly maxReaders: number;
  /** Milliseconds without a question after which a process ends. */
  readonly idleMs: number;
}

/** One object reader per repo in use. */
export class ObjectReaderPool {
  readonly #program: GitProgram;
  readonly #options: ReaderPoolOptions;
  /** Least recently used first. */
  readonly #readers = new Map<string, { readonly reader: ObjectReader; timer: NodeJS.Timeout }>();

  constructor(program: GitProgram, options: ReaderPoolOptions) {
    this.#program = program;
    this.#options = options;
  }

  /** Asks the repo's reader; once more with a fresh one when its process dies over the question. */
  async ask<T>(gitDirectory: string, question: (reader: ObjectReader) => Promise<T>): Promise<T> {
    try {
      return await question(this.#readerOf(gitDirectory));
    } catch (error) {
      if (!(error instanceof ReaderGoneError)) throw error;
      return await question(this.#readerOf(gitDirectory));
    }
  }

  /** Ends the reader of one repo, for example before its directory goes. */
  release(gitDirectory: string): void {
    const held = this.#readers.get(gitDirectory);
    if (held === undefined) return;
    clearTimeout(held.timer);
    this.#readers.delete(gitDirectory);
    held.reader.close();
  }

  close(): void {
    for (const gitDirectory of [...this.#readers.keys()]) this.release(gitDirectory);
  }

  #readerOf(gitDirectory: string): ObjectReader {
    const held = this.#readers.get(gitDirectory);
    if (held !== undefined && !held.reader.gone) {
      this.#readers.delete(gitDirectory);
      this.#readers.set(gitDirectory, held);
      held.timer.refresh();
      return held.reader;
    }
    if (held !== undefined) this.release(gitDirectory);
    this.#makeRoom();
    const reader = new ObjectReader(this.#program, gitDirectory);
    const timer = setTimeout(() => this.#retire(gitDirectory, reader), this.#options.idleMs);
    timer.unref();
    this.#readers.set(gitDirectory, { reader, timer });
    return reader;
  }

  #retire(gitDirectory: string, reader: ObjectReader): void {
    const held = this.#readers.get(gitDirectory);
    if (held?.reader !== reader) return;
    if (reader.pending > 0) held.timer.refresh();
    else this.release(gitDirectory);
  }

  /** Prefers a reader without open questions; one with open questions makes its callers ask again. */
  #makeRoom(): void {
    if (this.#readers.size < this.#options.maxReaders) return;
    const idle = [...this.#readers].find(([, { reader }]) => reader.pending === 0);
    const victim = idle?.[0] ?? this.#readers.keys().next().value;
    if (victim !== undefined) this.release(victim);
  }
}
