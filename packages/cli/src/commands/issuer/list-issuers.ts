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
    keysOf(issuer),
    Array.isArray(issuer.allow_origins) && issuer.allow_origins.length > 0 ? issuer.allow_origins.join(" ") : "-",
  ]);
  printTable(
    context.terminal,
    ["ID", "PROVIDER", "URL", "KEYS", "ALLOWED ORIGINS"],
    rows,
    "No issuer is believed yet.",
  );
}

function keysOf({ jwks, hold_keys: hold, held_keys: held }: Readonly<Record<string, unknown>>): string {
  if (jwks !== undefined) return "uploaded";
  if (hold !== true) return "fetched";
  return Array.isArray(held) && held.length > 0 ? `held, ${held.length} to confirm` : "held";
}
