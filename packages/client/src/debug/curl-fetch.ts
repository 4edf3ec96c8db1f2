import { isSwitchedOn } from "../environment/environment.ts";
import type { FetchFunction, Runtime } from "../runtime/runtime.ts";
import { type PrintableRequest, toCurlCommand } from "./curl-command.ts";

/** `fetch` that prints each request as a curl command while `HF_DEBUG` is on, secrets removed. */
export function curlFetch(runtime: Pick<Runtime, "environment" | "fetch" | "writeDiagnostic">): FetchFunction {
  return (input, init) => {
    if (isSwitchedOn(runtime.environment, "HF_DEBUG")) runtime.writeDiagnostic(toCurlCommand(printable(input, init)));
    return runtime.fetch(input, init);
  };
}

function printable(input: string | URL | Request, init: RequestInit | undefined): PrintableRequest {
  const request = input instanceof Request ? input : undefined;
  return {
    method: init?.method ?? request?.method ?? "GET",
    url: request?.url ?? String(input),
    headers: Object.fromEntries(new Headers(init?.headers ?? request?.headers)),
    body: printableBody(init?.body ?? request?.body),
  };
}

/** Only text is shown; reading a stream would take it away from the request. */
function printableBody(body: RequestInit["body"]): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  if (body instanceof Blob) return `<${body.size} bytes>`;
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return `<${body.byteLength} bytes>`;
  return "<stream>";
}
