import { ApiError } from "@postern/core/error/api-error";
import type { Issuer } from "@postern/core/issuer/issuer";
import { type Caller, changeEvent, requireAdministrator } from "../accounts/caller.ts";
import { invalidField, parseDraftFields } from "../accounts/draft-fields.ts";
import type { IssuerStore } from "./issuer-store.ts";

/**
 * Switches an issuer on or off: while it is off, every token that it signed is refused (TP1202), whatever publisher names it.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`, `invalid_body`, `invalid_field`.
 */
export async function switchIssuer(
  id: string,
  body: unknown,
  caller: Caller,
  { issuers }: { readonly issuers: Pick<IssuerStore, "find" | "setEnabled"> },
): Promise<Issuer> {
  requireAdministrator(caller);
  const { enabled } = parseDraftFields(body, ["enabled"]);
  if (typeof enabled !== "boolean")
    throw invalidField("enabled", "The enabled field is neither true nor false.", "Use true or false.");
  const issuer = await issuers.find(id);
  const event = changeEvent(caller, "issuer.change", `issuers/${id}`, { url: issuer?.url ?? null, enabled });
  if (issuer === undefined || (await issuers.setEnabled(id, enabled, event)) === "missing")
    throw new ApiError("not_found", "There is no such issuer.");
  return { ...issuer, enabled };
}
