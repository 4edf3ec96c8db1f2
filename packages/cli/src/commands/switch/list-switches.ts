import type { CliContext } from "../../context/cli-context.ts";
import { cell, recordsIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { printTable } from "../../terminal/table.ts";

/** `GET /switches`. */
export async function listSwitches(context: CliContext, json: boolean): Promise<void> {
  const answer = await openManagement(context).call("/switches");
  if (json) {
    context.terminal.json(answer);
    return;
  }
  const switches = recordsIn(answer, "switches").map((record) => [
    cell(record, "name"),
    record.on === true ? "on" : "off",
    cell(record, "reason"),
    cell(record, "switched_off_at"),
    cell(record, "switched_off_by"),
  ]);
  const issuers = recordsIn(answer, "issuers_off").map((issuer) => [cell(issuer, "url"), "off", "-", "-", "-"]);
  const publishers = recordsIn(answer, "publishers_off").map((publisher) => [
    `publisher ${cell(publisher, "id")} of ${cell(publisher, "resource")}`,
    "off",
    "-",
    "-",
    "-",
  ]);
  const headings = ["NAME", "STATE", "REASON", "SINCE", "BY"];
  printTable(context.terminal, headings, [...switches, ...issuers, ...publishers], "There are no switches.");
}
