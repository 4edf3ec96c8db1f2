import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";
import type { MemberOptions } from "./change-member.ts";

interface AddOptions {
  readonly fullname?: string;
  readonly owner?: string;
  readonly json?: boolean;
}

/** `postern org add|list|member`. */
export function orgCommand(context: CliContext): Command {
  const group = new Command("org")
    .description("Add organisations and their members.")
    .addHelpText("after", "\nExample:\n  $ postern org add acme --owner ada");
  group
    .command("add")
    .description("Add an organisation; its owner becomes its first administrator.")
    .argument("<NAME>", "letters, digits and single hyphens")
    .option("--fullname <TEXT>", "the name that people see")
    .option("--owner <USER>", "an existing user (default: you)")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern org add acme --fullname 'Acme Research' --owner ada")
    .action(async (name: string, options: AddOptions) => {
      const { addOrg } = await import("./add-org.ts");
      await addOrg(context, { ...options, name });
    });
  group
    .command("list")
    .description("List all organisations.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern org list")
    .action(async (options: { readonly json?: boolean }) => {
      const { listOrgs } = await import("./list-orgs.ts");
      await listOrgs(context, options.json === true);
    });
  group
    .command("member")
    .description("List the members of an organisation, give one a role, or remove one.")
    .argument("<ORG>", "the organisation")
    .argument("[USER]", "whom to change; leave out to list everybody")
    .option("--role <ROLE>", "read, write or admin")
    .option("--remove", "remove the user from the organisation")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ postern org member acme
  $ postern org member acme ada --role write
  $ postern org member acme ada --remove`,
    )
    .action(async (org: string, user: string | undefined, options: MemberOptions) => {
      const { changeMember } = await import("./change-member.ts");
      await changeMember(context, org, user, options);
    });
  return group;
}
