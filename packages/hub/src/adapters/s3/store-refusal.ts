import { HubError } from "@postern/core/error/hub-error";
import { Refusal } from "@postern/core/error/refusal";
import { S3Error } from "./s3-error.ts";

/** Codes of stores whose quota or disk is used up. */
const FULL: ReadonlySet<string> = new Set([
  "QuotaExceeded",
  "XMinioStorageFull",
  "InsufficientStorage",
  "EntityTooLarge",
]);

/** What a failed call to the object store is to the client that waits: 507 when it is full, 503 otherwise. A refusal stays what it is. */
export function storeRefusal(cause: unknown): unknown {
  if (cause instanceof Refusal) return cause;
  if (cause instanceof S3Error && (cause.status === 507 || FULL.has(cause.code))) {
    return new HubError(
      507,
      "StorageFull",
      "The object store has no space left. Nothing was changed; tell its operator.",
      {
        cause,
      },
    );
  }
  const isOurs = !(cause instanceof S3Error) && !(cause instanceof TypeError);
  if (isOurs) return cause;
  return new HubError(503, "Unavailable", "The store of large files does not answer. Try again.", {
    cause,
    headers: { "retry-after": "5" },
  });
}
