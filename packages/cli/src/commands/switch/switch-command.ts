import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";
import type { SwitchOptions } from "./change-switch.ts";

/** `postern switch list|on|off`. */
export function switchCommand(context: CliContext): Command {
  const group = new Command("switch")
    .description("Stop parts of the server at once, and start them again. For administrators of HF_ENDPOINT.")
    .addHelpText("after", EXAMPLES);
  group
    .command("list")
    .description("Show every switch, and the issuers and publishers that are switched off.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern switch list")
    .action(async (options: { readonly json?: boolean }) => {
      const { listSwitches } = await import("./list-switches.ts");
      await listSwitches(context, options.json === true);
    });
  for (const position of ["off", "on"] as const) {
    group
      .command(position)
      .description(position === "off" ? "Refuse from the next request on." : "Let requests through again.")
      .argument("<NAME>", "exchange (no job gets a token), writes (read-only mode), or the URL of an issuer")
      .option("--reason <TEXT>", "shown to those who are refused")
      .option("--json", "print JSON")
      .addHelpText("after", EXAMPLES)
      .action(async (name: string, options: SwitchOptions) => {
        const { changeSwitch } = await import("./change-switch.ts");
        await changeSwitch(context, name, position === "on", options);
      });
  }
  return group;
}

const EXAMPLES = `
Examples:
  $ postern switch off exchange --reason 'incident 4711'
  $ postern switch off writes --reason 'moving to new disks'
  $ postern switch off https://gitlab.corp.example
  $ postern switch on exchange`;
