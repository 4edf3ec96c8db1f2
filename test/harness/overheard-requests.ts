import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";

/** A request as it reached a server of this process, credentials and all: what a thief on the wire or in a log would have. */
export interface OverheardRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly proof: string | undefined;
}

/** Listens to every HTTP server of this process until it is disposed of. */
export function overhearRequests(): { readonly requests: readonly OverheardRequest[] } & Disposable {
  const requests: OverheardRequest[] = [];
  const listen = (message: unknown): void => {
    if (typeof message !== "object" || message === null || !("request" in message)) return;
    const { request } = message;
    if (!(request instanceof IncomingMessage)) return;
    const { dpop, authorization } = request.headers;
    requests.push({
      method: request.method ?? "",
      path: request.url ?? "",
      authorization,
      proof: Array.isArray(dpop) ? dpop.join(", ") : dpop,
    });
  };
  subscribe("http.server.request.start", listen);
  return { requests, [Symbol.dispose]: () => void unsubscribe("http.server.request.start", listen) };
}
