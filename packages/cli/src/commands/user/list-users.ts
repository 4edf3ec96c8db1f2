import type { CliContext } from "../../context/cli-context.ts";
import { cell, recordsIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { printTable } from "../../terminal/table.ts";

/** `GET /users`. */
export async function listUsers(context: CliContext, json: boolean): Promise<void> {
  const answer = await openManagement(context).call("/users");
  if (json) {
    context.terminal.json(answer);
    return;
  }
  const rows = recordsIn(answer, "users").map((user) => [
    cell(user, "name"),
    cell(user, "fullname"),
    user.admin === true ? "administrator" : "",
    user.locked === true ? "locked" : "",
    cell(user, "created_at"),
  ]);
  printTable(context.terminal, ["NAME", "FULL NAME", "ROLE", "STATE", "CREATED"], rows, "There are no users yet.");
}
