import type { CliContext } from "../../context/cli-context.ts";
import { CliError } from "../../failure/cli-error.ts";
import { cell, recordsIn, textIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { printTable } from "../../terminal/table.ts";

/** `GET /tokens?user=NAME`; without a name, the caller's own. */
export async function listTokens(
  context: CliContext,
  options: { readonly user?: string; readonly json?: boolean },
): Promise<void> {
  const management = openManagement(context);
  const user = options.user ?? textIn(await management.session.json("/api/whoami-v2"), "name");
  if (user === undefined)
    throw new CliError("The server did not say who you are.", { next: "Name the user: --user ada" });
  const answer = await management.call(`/tokens?user=${encodeURIComponent(user)}`);
  if (options.json === true) {
    context.terminal.json(answer);
    return;
  }
  const rows = recordsIn(answer, "tokens").map((token) => [
    cell(token, "id"),
    cell(token, "name"),
    cell(token, "role"),
    cell(token, "created_at"),
    cell(token, "last_used_at"),
  ]);
  printTable(context.terminal, ["ID", "NAME", "ROLE", "CREATED", "LAST USED"], rows, `${user} has no tokens.`);
}
