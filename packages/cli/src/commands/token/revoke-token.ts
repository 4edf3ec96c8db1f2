import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";
import { openManagement } from "../../session/management.ts";

/** `DELETE /tokens/{id}`. */
export async function revokeToken(context: CliContext, id: string, json: boolean): Promise<void> {
  if (id.startsWith("hf_")) {
    // It would end up in a URL, and from there in the logs of every proxy on the way.
    throw usageError("That is a token, not the id of one.", "`postern token list` shows the ids.");
  }
  await openManagement(context).call(`/tokens/${encodeURIComponent(id)}`, { method: "DELETE" });
  if (json) context.terminal.json({ id, revoked: true });
  else context.terminal.out(`Revoked the token ${id}: it is refused from now on.`);
}
