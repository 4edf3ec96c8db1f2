import { isRecord } from "../http/json-value.ts";
import { CountingBlob } from "./counting-blob.ts";

/**
 * `fetch` for `@huggingface/hub` that reports the bytes of file content as they leave.
 *
 * The library marks such requests with `progressHint`, which browsers serve by `XMLHttpRequest`; Node has none.
 *
 * @param onBytes - The file's path in the repo, and the bytes that were read for the network since the last call.
 */
export function countingFetch(send: typeof fetch, onBytes: (path: string, count: number) => void): typeof fetch {
  return (input, init) => {
    if (init === undefined || !("progressHint" in init)) return send(input, init);
    const { progressHint, ...rest } = init;
    const path = isRecord(progressHint) ? progressHint.path : undefined;
    const { body } = rest;
    if (typeof path !== "string" || !(body instanceof Blob)) return send(input, rest);
    return send(input, { ...rest, body: new CountingBlob(body, (count) => onBytes(path, count)) });
  };
}
