import type { CliContext } from "../../context/cli-context.ts";
import { openManagement } from "../../session/management.ts";

export interface NewUser {
  readonly name: string;
  readonly fullname?: string;
  readonly email?: string;
  readonly admin?: boolean;
  readonly json?: boolean;
}

/** `POST /users`. */
export async function addUser(context: CliContext, user: NewUser): Promise<void> {
  const { json, ...body } = user;
  const added = await openManagement(context).call("/users", { method: "POST", body });
  if (json === true) context.terminal.json(added);
  else context.terminal.out(`Added the user ${user.name}${user.admin === true ? ", an administrator" : ""}.`);
}
