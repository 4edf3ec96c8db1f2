import { ORG_ROLES } from "@postern/core/access/principal";
import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";
import { cell, recordsIn } from "../../http/json-value.ts";
import { type Management, openManagement } from "../../session/management.ts";
import { printTable } from "../../terminal/table.ts";

export interface MemberOptions {
  readonly role?: string;
  readonly remove?: boolean;
  readonly json?: boolean;
}

/** Without a user: lists. With `--role`: adds or changes. With `--remove`: removes. */
export async function changeMember(
  context: CliContext,
  org: string,
  user: string | undefined,
  options: MemberOptions,
): Promise<void> {
  const { role, remove = false, json = false } = options;
  if (user === undefined) {
    if (role !== undefined || remove) {
      throw usageError("A change needs a user.", `Write it like this: postern org member ${org} ada --role write`);
    }
    return listMembers(context, openManagement(context), org, json);
  }
  const path = `/orgs/${encodeURIComponent(org)}/members/${encodeURIComponent(user)}`;
  if (remove && role === undefined) {
    await openManagement(context).call(path, { method: "DELETE" });
    if (json) context.terminal.json({ org, user, removed: true });
    else context.terminal.out(`Removed ${user} from ${org}.`);
    return;
  }
  if (remove || !ORG_ROLES.some((known) => known === role)) {
    throw usageError(
      "Say what to do with the member: a role, or --remove.",
      `Roles are ${ORG_ROLES.join(", ")}: postern org member ${org} ${user} --role write`,
    );
  }
  const answer = await openManagement(context).call(path, { method: "PUT", body: { role } });
  if (json) context.terminal.json(answer);
  else context.terminal.out(`${user} now has the role ${role} in ${org}.`);
}

async function listMembers(context: CliContext, management: Management, org: string, json: boolean): Promise<void> {
  const answer = await management.call(`/orgs/${encodeURIComponent(org)}/members`);
  if (json) {
    context.terminal.json(answer);
    return;
  }
  const rows = recordsIn(answer, "members").map((member) => [cell(member, "user"), cell(member, "role")]);
  printTable(context.terminal, ["USER", "ROLE"], rows, `${org} has no members.`);
}
