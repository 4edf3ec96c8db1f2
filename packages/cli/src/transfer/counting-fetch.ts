import { isRecord } from "../http/json-value.ts";
import { sendBlob } from "./send-blob.ts";

/**
 * `fetch` for `@huggingface/hub` that sends file content with flat memory and reports its bytes as they leave.
 *
 * The library marks such requests with `progressHint`, which browsers serve by `XMLHttpRequest`; Node has none.
 *
 * @param onBytes - The file's path in the repo, and the bytes that the network took since the last call.
 */
export function countingFetch(send: typeof fetch, onBytes: (path: string, count: number) => void): typeof fetch {
  return (input, init) => {
    if (init === undefined || !("progressHint" in init)) return send(input, init);
    const { progressHint, ...rest } = init;
    const path = isRecord(progressHint) ? progressHint.path : undefined;
    const { body, method, headers, signal } = rest;
    if (typeof path !== "string" || !(body instanceof Blob) || input instanceof Request) return send(input, rest);
    return sendBlob({
      url: new URL(input),
      method: method ?? "GET",
      headers: new Headers(headers),
      content: body,
      signal: signal ?? undefined,
      onBytes: (count) => onBytes(path, count),
    });
  };
}
