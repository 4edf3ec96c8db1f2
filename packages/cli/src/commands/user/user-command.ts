import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";

interface AddOptions {
  readonly fullname?: string;
  readonly email?: string;
  readonly admin?: boolean;
  readonly json?: boolean;
}

/** `postern user add|list|lock`. */
export function userCommand(context: CliContext): Command {
  const group = new Command("user")
    .description("Add, list and lock people. For administrators of the server at HF_ENDPOINT.")
    .addHelpText("after", "\nExample:\n  $ postern user add ada --fullname 'Ada Lovelace'");
  group
    .command("add")
    .description("Add a person; `postern token create` then gives them a token.")
    .argument("<NAME>", "letters, digits and single hyphens")
    .option("--fullname <TEXT>", "the name that people see")
    .option("--email <ADDRESS>", "mail address")
    .option("--admin", "may manage accounts and issuers of the whole server")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern user add ada --fullname 'Ada Lovelace' --email ada@example.org")
    .action(async (name: string, options: AddOptions) => {
      const { addUser } = await import("./add-user.ts");
      await addUser(context, { ...options, name });
    });
  group
    .command("list")
    .description("List everybody.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern user list --json")
    .action(async (options: { readonly json?: boolean }) => {
      const { listUsers } = await import("./list-users.ts");
      await listUsers(context, options.json === true);
    });
  group
    .command("lock")
    .description("End all of a person's access at once: their tokens, and jobs that act for them.")
    .argument("<NAME>", "whose")
    .option("--undo", "take the lock off again")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern user lock ada")
    .action(async (name: string, options: { readonly undo?: boolean; readonly json?: boolean }) => {
      const { lockUser } = await import("./lock-user.ts");
      await lockUser(context, name, options.undo !== true, options.json === true);
    });
  return group;
}
