import type { CliContext } from "../../context/cli-context.ts";
import { CliError, usageError } from "../../failure/cli-error.ts";
import { textIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";

export interface NewToken {
  readonly user?: string;
  readonly name?: string;
  readonly role: string;
  readonly json?: boolean;
}

/** `POST /tokens`: the token alone goes to stdout. */
export async function createToken(context: CliContext, { json, ...body }: NewToken): Promise<void> {
  if (body.role !== "read" && body.role !== "write") {
    throw usageError(`'${body.role}' is not a role.`, "Use --role read or --role write.");
  }
  const created = await openManagement(context).call("/tokens", { method: "POST", body: { ...body } });
  const token = textIn(created, "token");
  if (token === undefined) throw new CliError("The server created a token but did not send it.");
  if (json === true) {
    context.terminal.json(created);
    return;
  }
  context.terminal.out(token);
  const whose = textIn(created, "user") ?? body.user ?? "you";
  context.terminal.note(`A ${body.role} token for ${whose}. It is shown this once; keep it where secrets belong.`);
}
