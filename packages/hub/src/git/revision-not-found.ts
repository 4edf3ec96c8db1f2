import { HubError } from "@postern/core/error/hub-error";

/** What clients turn into their `RevisionNotFoundError`. */
export function revisionNotFound(revision: string): HubError {
  const shown = revision.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
  return new HubError(404, "RevisionNotFound", `Revision not found: ${shown}`);
}
