import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * The id under which a request is logged, audited and shown in errors.
 *
 * Python clients send a UUID in `X-Amzn-Trace-Id` and print what comes back, so a well-formed one is kept; anything else gets ours.
 */
export function requestIdOf(request: IncomingMessage): string {
  const sent = request.headers["x-amzn-trace-id"];
  if (typeof sent === "string" && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(sent))
    return sent.toLowerCase();
  return randomUUID();
}
