import type { CliContext } from "../../context/cli-context.ts";
import { openManagement } from "../../session/management.ts";

/** `PATCH /users/{name}`. */
export async function lockUser(context: CliContext, name: string, locked: boolean, json: boolean): Promise<void> {
  const path = `/users/${encodeURIComponent(name)}`;
  const user = await openManagement(context).call(path, { method: "PATCH", body: { locked } });
  if (json) context.terminal.json(user);
  else if (locked) context.terminal.out(`Locked ${name}: every token of theirs is refused from now on.`);
  else context.terminal.out(`Unlocked ${name}: their tokens work again.`);
}
