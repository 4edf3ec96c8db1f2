import type { CheckpointSink } from "../audit/checkpoint/checkpoint-sink.ts";

/** Sends each checkpoint to a URL that the operator configured (POST, `text/plain`). Anything but a 2xx is a failure. */
export class CheckpointHttpSink implements CheckpointSink {
  readonly name = "http";
  readonly #url: string;
  readonly #fetch: typeof fetch;

  constructor(url: string, fetchFrom: typeof fetch) {
    this.#url = url;
    this.#fetch = fetchFrom;
  }

  async send(note: string, signal: AbortSignal): Promise<void> {
    const response = await this.#fetch(this.#url, {
      method: "POST",
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: note,
      // A redirect would say that it was kept somewhere that nobody configured.
      redirect: "error",
      signal,
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the sink answered ${response.status}`);
  }
}
