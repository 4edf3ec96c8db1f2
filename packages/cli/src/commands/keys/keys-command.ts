import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";

/** `postern keys list|rotate`. */
export function keysCommand(context: CliContext): Command {
  const group = new Command("keys")
    .description("Look after the keys that sign the hub's tokens. For administrators of the server at HF_ENDPOINT.")
    .addHelpText("after", "\nExample:\n  $ postern keys rotate");
  group
    .command("list")
    .description("List the published keys and what each of them does now.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern keys list")
    .action(async (options: { readonly json?: boolean }) => {
      const { listKeys } = await import("./list-keys.ts");
      await listKeys(context, options.json === true);
    });
  group
    .command("rotate")
    .description("Publish a new key; it signs once every verifier can know it, and no token is refused meanwhile.")
    .option("--provenance", "the key that signs who made commits, instead; the old one stays published for good")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern keys rotate")
    .action(async (options: { readonly json?: boolean; readonly provenance?: boolean }) => {
      const { rotateKeys } = await import("./rotate-keys.ts");
      await rotateKeys(context, options);
    });
  return group;
}
