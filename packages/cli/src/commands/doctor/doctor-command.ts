import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";
import type { DoctorOptions } from "./doctor.ts";

/** `postern doctor`. */
export function doctorCommand(context: CliContext): Command {
  return new Command("doctor")
    .description("Inside a CI job: say whether it can log in without a secret, and if not, what to change.")
    .argument("[RESOURCE]", "the repo or user to log in to (default: HF_OIDC_RESOURCE)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
It asks the CI provider for an id token, shows what the token says (never the token itself), and asks the hub what an exchange
would answer. Nothing is spent. On GitHub the result is also added to the job's summary.

Example:
  $ HF_ENDPOINT=https://hub.corp.example postern doctor acme/tiny-model`,
    )
    .action(async (resource: string | undefined, options: DoctorOptions) => {
      const { doctor } = await import("./doctor.ts");
      await doctor(context, resource, options);
    });
}
