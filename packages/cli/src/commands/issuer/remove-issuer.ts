import type { CliContext } from "../../context/cli-context.ts";
import { CliError } from "../../failure/cli-error.ts";
import { cell, recordsIn } from "../../http/json-value.ts";
import { type Management, openManagement } from "../../session/management.ts";

/** `DELETE /issuers/{id}`; a URL is looked up first. */
export async function removeIssuer(context: CliContext, idOrUrl: string, json: boolean): Promise<void> {
  const management = openManagement(context);
  const id = idOrUrl.includes("://") ? await findIssuer(management, idOrUrl) : idOrUrl;
  await management.call(`/issuers/${encodeURIComponent(id)}`, { method: "DELETE" });
  if (json) context.terminal.json({ id, removed: true });
  else context.terminal.out(`Removed the issuer ${idOrUrl}: its tokens are refused from now on.`);
}

async function findIssuer(management: Management, url: string): Promise<string> {
  const issuers = recordsIn(await management.call("/issuers"), "issuers");
  const found = issuers.find((issuer) => issuer.url === url);
  if (found === undefined) {
    throw new CliError(`No issuer has the URL ${url}.`, { next: "`postern issuer list` shows them; a slash counts." });
  }
  return cell(found, "id");
}
