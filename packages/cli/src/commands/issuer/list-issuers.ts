import type { CliContext } from "../../context/cli-context.ts";
import { cell, recordsIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { printTable } from "../../terminal/table.ts";

/** `GET /issuers`. */
export async function listIssuers(context: CliContext, json: boolean): Promise<void> {
  const answer = await openManagement(context).call("/issuers");
  if (json) {
    context.terminal.json(answer);
    return;
  }
  const rows = recordsIn(answer, "issuers").map((issuer) => [
    cell(issuer, "id"),
    cell(issuer, "provider"),
    cell(issuer, "url"),
    issuer.jwks === undefined ? "fetched" : "uploaded",
    Array.isArray(issuer.allow_origins) && issuer.allow_origins.length > 0 ? issuer.allow_origins.join(" ") : "-",
  ]);
  printTable(
    context.terminal,
    ["ID", "PROVIDER", "URL", "KEYS", "ALLOWED ORIGINS"],
    rows,
    "No issuer is believed yet.",
  );
}
