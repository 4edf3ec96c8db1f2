import type { CliContext } from "../../context/cli-context.ts";
import { cell } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";

/** `POST /keys/rotate`, or `/keys/provenance/rotate`. */
export async function rotateKeys(
  context: CliContext,
  { json, provenance }: { readonly json?: boolean; readonly provenance?: boolean },
): Promise<void> {
  const path = provenance === true ? "/keys/provenance/rotate" : "/keys/rotate";
  const key = await openManagement(context).call(path, { method: "POST" });
  if (json === true) context.terminal.json(key);
  else if (provenance === true)
    context.terminal.out(`The key ${cell(key, "kid")} signs who makes commits from now on.`);
  else context.terminal.out(`Published the key ${cell(key, "kid")}; it signs from ${cell(key, "signs_from")}.`);
}
