import { CliError } from "../../failure/cli-error.ts";
import { cell, recordsIn } from "../../http/json-value.ts";
import type { Management } from "../../session/management.ts";

/** The id of an issuer that is named by its id or by its URL. @throws {CliError} when no issuer has the URL. */
export async function findIssuer(management: Management, idOrUrl: string): Promise<string> {
  if (!idOrUrl.includes("://")) return idOrUrl;
  const issuers = recordsIn(await management.call("/issuers"), "issuers");
  const found = issuers.find((issuer) => issuer.url === idOrUrl);
  if (found === undefined) {
    throw new CliError(`No issuer has the URL ${idOrUrl}.`, {
      next: "`postern issuer list` shows them; a slash counts.",
    });
  }
  return cell(found, "id");
}
