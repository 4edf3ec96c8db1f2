import type { CliContext } from "../../context/cli-context.ts";
import { cell } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";

/** `POST /keys/rotate`. */
export async function rotateKeys(context: CliContext, json: boolean): Promise<void> {
  const key = await openManagement(context).call("/keys/rotate", { method: "POST" });
  if (json) context.terminal.json(key);
  else context.terminal.out(`Published the key ${cell(key, "kid")}; it signs from ${cell(key, "signs_from")}.`);
}
