import { HubError } from "@postern/core/error/hub-error";
import type { BatchRequest, RequestedObject } from "../lfs/batch.ts";

/** `huggingface_hub` asks for 256 objects at a time, git-lfs for 100. */
export const MAX_BATCH_OBJECTS = 1000;

/**
 * Reads the body of a batch. Fields that we do not know are ignored.
 *
 * @throws {HubError} 400 `BadRequest` for another shape, 409 `Conflict` for a hash that is not SHA-256, 413 `PayloadTooLarge` for
 *   too many objects.
 */
export function parseBatchRequest(body: unknown): BatchRequest {
  if (!isObject(body)) throw malformed("the body is no JSON object");
  const { operation, objects } = body;
  if (operation !== "upload" && operation !== "download")
    throw malformed('"operation" is neither "upload" nor "download"');
  // The JavaScript client writes `sha_256`.
  if (body.hash_algo !== undefined && body.hash_algo !== "sha256" && body.hash_algo !== "sha_256") {
    throw new HubError(409, "Conflict", "This hub names large files by SHA-256 only.");
  }
  if (!Array.isArray(objects)) throw malformed('"objects" is no list');
  if (objects.length > MAX_BATCH_OBJECTS) {
    throw new HubError(413, "PayloadTooLarge", `A batch names at most ${MAX_BATCH_OBJECTS} objects.`);
  }
  const ref = isObject(body.ref) && typeof body.ref.name === "string" ? body.ref.name : undefined;
  return { operation, ref, transfers: parseTransfers(body.transfers), objects: objects.map(parseObject) };
}

/** What a client names to have its upload verified. @throws {HubError} 400 `BadRequest` for another shape. */
export function parseRequestedObject(body: unknown): RequestedObject {
  return parseObject(body);
}

function parseTransfers(transfers: unknown): readonly string[] {
  if (transfers === undefined || transfers === null) return ["basic"];
  if (!Array.isArray(transfers)) throw malformed('"transfers" is no list');
  const names = transfers.filter((name) => typeof name === "string");
  return names.length === 0 ? ["basic"] : names;
}

function parseObject(object: unknown): RequestedObject {
  if (!isObject(object)) throw malformed("an object is no JSON object");
  const { oid, size } = object;
  if (typeof oid !== "string" || oid.length > 128) throw malformed('an object\'s "oid" is no short text');
  if (typeof size !== "number") throw malformed('an object\'s "size" is no number');
  return { oid, size };
}

function malformed(what: string): HubError {
  return new HubError(400, "BadRequest", `This LFS request cannot be read: ${what}.`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
