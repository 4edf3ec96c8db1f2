import type { CliContext } from "../../context/cli-context.ts";
import { cell, recordsIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { printTable } from "../../terminal/table.ts";

/** `GET /orgs`. */
export async function listOrgs(context: CliContext, json: boolean): Promise<void> {
  const answer = await openManagement(context).call("/orgs");
  if (json) {
    context.terminal.json(answer);
    return;
  }
  const rows = recordsIn(answer, "orgs").map((org) => [cell(org, "name"), cell(org, "fullname")]);
  printTable(context.terminal, ["NAME", "FULL NAME"], rows, "There are no organisations yet.");
}
