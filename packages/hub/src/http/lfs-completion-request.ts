import { HubError } from "@postern/core/error/hub-error";
import type { ReceivedPart } from "../lfs/lfs-store.ts";

/**
 * Reads `{"oid", "parts": [{"partNumber", "etag"}]}` (hub-wire §7.3). Whether the parts are the right ones is the store's to say.
 *
 * @throws {HubError} 400 `BadRequest` for another shape or another object.
 */
export function parseCompletionRequest(body: unknown, oid: string): readonly ReceivedPart[] {
  if (typeof body !== "object" || body === null || !("parts" in body) || !Array.isArray(body.parts)) {
    throw malformed('"parts" is no list');
  }
  if (!("oid" in body) || body.oid !== oid) throw malformed('"oid" is not the object of this URL');
  return body.parts.map(parsePart);
}

function parsePart(part: unknown): ReceivedPart {
  if (typeof part !== "object" || part === null || !("partNumber" in part) || !("etag" in part)) {
    throw malformed('a part lacks "partNumber" or "etag"');
  }
  const { partNumber, etag } = part;
  if (typeof partNumber !== "number" || typeof etag !== "string") throw malformed("a part has a wrong type");
  // Clients echo the header as they got it, quotes and all; proxies may have taken the quotes away.
  return { partNumber, tag: etag.replace(/^(?:W\/)?"(.*)"$/, "$1") };
}

function malformed(what: string): HubError {
  return new HubError(400, "BadRequest", `This completion cannot be read: ${what}.`);
}
