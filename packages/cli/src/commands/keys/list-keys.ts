import type { CliContext } from "../../context/cli-context.ts";
import { cell, recordsIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { printTable } from "../../terminal/table.ts";

/** `GET /keys`. */
export async function listKeys(context: CliContext, json: boolean): Promise<void> {
  const answer = await openManagement(context).call("/keys");
  if (json) {
    context.terminal.json(answer);
    return;
  }
  const rows = recordsIn(answer, "keys").map((key) =>
    ["kid", "state", "signs_from", "signs_until", "published_until"].map((name) => cell(key, name)),
  );
  printTable(context.terminal, ["KEY", "STATE", "SIGNS FROM", "SIGNS UNTIL", "PUBLISHED UNTIL"], rows, "No keys.");
}
