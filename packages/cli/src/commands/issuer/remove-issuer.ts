import type { CliContext } from "../../context/cli-context.ts";
import { openManagement } from "../../session/management.ts";
import { findIssuer } from "./find-issuer.ts";

/** `DELETE /issuers/{id}`; a URL is looked up first. */
export async function removeIssuer(context: CliContext, idOrUrl: string, json: boolean): Promise<void> {
  const management = openManagement(context);
  const id = await findIssuer(management, idOrUrl);
  await management.call(`/issuers/${encodeURIComponent(id)}`, { method: "DELETE" });
  if (json) context.terminal.json({ id, removed: true });
  else context.terminal.out(`Removed the issuer ${idOrUrl}: its tokens are refused from now on.`);
}
