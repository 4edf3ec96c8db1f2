import type { CheckpointSink } from "./checkpoint-sink.ts";

/** Checkpoints that wait for a sink at most. Beyond, the oldest is dropped: a newer one vouches for everything that it did. */
const MAX_WAITING = 64;

/** First and longest pause after a failure, in milliseconds. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** How long one attempt may take, in milliseconds. */
const ATTEMPT_MS = 10_000;

export interface DeliveryDeps {
  readonly sink: CheckpointSink;
  /** Called at the first failure after a success. Must not throw. */
  readonly onFailed: (sink: string, cause: unknown) => Promise<void>;
  /** Called at the first success after a failure. Must not throw. */
  readonly onRecovered: (sink: string) => Promise<void>;
  /** Waits, or not any longer once aborted; never rejects. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Brings checkpoints to one sink, in order, again and again until it takes them. Nobody waits for it. */
export class CheckpointDelivery {
  readonly #deps: DeliveryDeps;
  readonly #waiting: string[] = [];
  readonly #stopping = new AbortController();
  #isFailing = false;
  #running: Promise<void> | undefined;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  get sinkName(): string {
    return this.#deps.sink.name;
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** How many checkpoints it has not taken yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  enqueue(note: string): void {
    this.#waiting.push(note);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Cuts pauses short, tries once more, and gives up after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const newest = this.#waiting.at(-1);
    if (newest === undefined) return;
    await this.#attempt(newest, graceMs);
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    for (let note = this.#waiting[0]; note !== undefined; note = this.#waiting[0]) {
      if (await this.#attempt(note, ATTEMPT_MS)) {
        pauseMs = FIRST_PAUSE_MS;
        const sent = this.#waiting.indexOf(note);
        if (sent >= 0) this.#waiting.splice(sent, 1);
        continue;
      }
      if (this.#stopping.signal.aborted) return;
      await this.#deps.pause(pauseMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  async #attempt(note: string, limitMs: number): Promise<boolean> {
    const { sink, onFailed, onRecovered } = this.#deps;
    try {
      await sink.send(note, AbortSignal.timeout(limitMs));
    } catch (cause) {
      const isNews = !this.#isFailing;
      this.#isFailing = true;
      if (isNews) await onFailed(sink.name, cause);
      return false;
    }
    const isNews = this.#isFailing;
    this.#isFailing = false;
    if (isNews) await onRecovered(sink.name);
    return true;
  }
}
