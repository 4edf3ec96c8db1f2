import { type Caller, changeEvent, requireAdministrator } from "../accounts/caller.ts";
import type { ProvenanceKeys } from "./provenance-keys.ts";

/**
 * Has a new key sign what comes; the old one stays published, because what it signed must stay checkable.
 *
 * @returns the new key's `kid`.
 * @throws {ApiError} `unauthenticated`, `forbidden`.
 */
export async function rotateProvenanceKey(caller: Caller, keys: Pick<ProvenanceKeys, "rotate">): Promise<string> {
  requireAdministrator(caller);
  return await keys.rotate((kid) => changeEvent(caller, "provenance-key.rotate", `provenance-keys/${kid}`, {}));
}
