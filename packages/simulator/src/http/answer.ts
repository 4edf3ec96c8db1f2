import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** Sends `body` as JSON. */
export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  answerText(response, status, "application/json; charset=utf-8", JSON.stringify(body));
}

export function answerText(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Sends JSON that never closes, as fast as it is read, until the other side hangs up. */
export function answerEndlessly(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, " ");
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"keys":[');
  const pump = (): void => {
    while (!response.destroyed && response.write(chunk)) {
      // Written until the socket says it is full; `drain` calls again.
    }
  };
  response.on("drain", pump);
  // A request that is gone before the first chunk emits no `drain`.
  setImmediate(pump);
}

/** Waits, and gives up early when the other side hangs up. @returns Whether there is still somebody to answer. */
export async function answerLater(response: ServerResponse, delayMs: number): Promise<boolean> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    await delay(delayMs, undefined, { signal: gone.signal });
  } catch {
    return false;
  }
  return !response.destroyed;
}
