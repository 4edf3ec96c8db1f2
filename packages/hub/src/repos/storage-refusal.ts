import { HubError } from "@postern/core/error/hub-error";

/** Turns "no space left" into the refusal that clients show; anything else comes back as it is. */
export function storageRefusal(error: unknown): unknown {
  if (error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT")) {
    return new HubError(507, "StorageFull", "The server has no space left. Nothing was changed; tell its operator.", {
      cause: error,
    });
  }
  return error;
}
