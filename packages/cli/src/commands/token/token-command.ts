import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";
import type { NewToken } from "./create-token.ts";

/** `postern token create|list|revoke`. */
export function tokenCommand(context: CliContext): Command {
  const group = new Command("token")
    .description("Create, list and revoke personal access tokens. CI jobs need none: see `postern publisher`.")
    .addHelpText("after", "\nExample:\n  $ postern token create --user ada --role write");
  group
    .command("create")
    .description("Create a token and print it, once: it is stored as a digest only.")
    .option("--user <NAME>", "for whom (default: you)")
    .requiredOption("--role <ROLE>", "read or write")
    .option("--name <TEXT>", "what it is for, shown in lists")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern token create --user ada --role write --name laptop")
    .action(async (options: NewToken) => {
      const { createToken } = await import("./create-token.ts");
      await createToken(context, options);
    });
  group
    .command("list")
    .description("List tokens: ids and what they are for, never the tokens themselves.")
    .option("--user <NAME>", "whose (default: yours)")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern token list --user ada")
    .action(async (options: { readonly user?: string; readonly json?: boolean }) => {
      const { listTokens } = await import("./list-tokens.ts");
      await listTokens(context, options);
    });
  group
    .command("revoke")
    .description("Revoke a token: from now on it is refused.")
    .argument("<ID>", "the id that `postern token list` shows")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern token revoke 01JD3M8R")
    .action(async (id: string, options: { readonly json?: boolean }) => {
      const { revokeToken } = await import("./revoke-token.ts");
      await revokeToken(context, id, options.json === true);
    });
  return group;
}
