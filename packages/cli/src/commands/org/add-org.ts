import type { CliContext } from "../../context/cli-context.ts";
import { openManagement } from "../../session/management.ts";

export interface NewOrg {
  readonly name: string;
  readonly fullname?: string;
  readonly owner?: string;
  readonly json?: boolean;
}

/** `POST /orgs`. */
export async function addOrg(context: CliContext, org: NewOrg): Promise<void> {
  const { json, ...body } = org;
  const added = await openManagement(context).call("/orgs", { method: "POST", body });
  if (json === true) context.terminal.json(added);
  else context.terminal.out(`Added the organisation ${org.name}.`);
}
