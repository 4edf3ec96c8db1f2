import { isSwitchedOn } from "../environment/environment.ts";
import type { FetchFunction, Runtime } from "../runtime/runtime.ts";
import { toCurlCommand } from "./curl-command.ts";

/** `fetch` that prints each request as a curl command while `HF_DEBUG` is on, secrets removed. */
export function curlFetch(runtime: Pick<Runtime, "environment" | "fetch" | "writeDiagnostic">): FetchFunction {
  return (url, init) => {
    if (isSwitchedOn(runtime.environment, "HF_DEBUG")) {
      runtime.writeDiagnostic(
        toCurlCommand({
          method: init.method ?? "GET",
          url,
          headers: Object.fromEntries(new Headers(init.headers)),
          body: printableBody(init.body),
        }),
      );
    }
    return runtime.fetch(url, init);
  };
}

function printableBody(body: RequestInit["body"]): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  if (body instanceof Blob) return `<${body.size} bytes>`;
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return `<${body.byteLength} bytes>`;
  return "<stream>";
}
