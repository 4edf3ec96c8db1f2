import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";

/** `postern auth token|whoami`. */
export function authCommand(context: CliContext): Command {
  const group = new Command("auth").description("Show the token in use and whom it stands for.").addHelpText(
    "after",
    `
Example:
  $ curl -H "Authorization: Bearer $(postern auth token)" $HF_ENDPOINT/api/whoami-v2`,
  );
  group
    .command("token")
    .description("Print a bearer token for other tools: exchanged, from the environment, or stored.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ HF_OIDC_RESOURCE=acme/tiny-model postern auth token")
    .action(async (options: { readonly json?: boolean }) => {
      const { printToken } = await import("./print-token.ts");
      await printToken(context, options.json === true);
    });
  group
    .command("whoami")
    .description("Ask the hub whom the token stands for.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern auth whoami --json")
    .action(async (options: { readonly json?: boolean }) => {
      const { printWhoami } = await import("./print-whoami.ts");
      await printWhoami(context, options.json === true);
    });
  return group;
}
