import type { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";
import type { ConfirmOptions } from "./confirm-publisher.ts";
import type { PublisherTargetOptions } from "./publisher-path.ts";

const TYPE = ["--repo-type <TYPE>", "model, dataset, space or kernel (default: model)"] as const;
const USER = ["--user <NAME>", "a publisher on this user instead of a repo"] as const;
const REPO = ["<REPO_OR_ID>", "NAMESPACE/NAME; with --user, the id"] as const;
const ID = ["[ID]", "the id that `postern publisher list` shows"] as const;

/** Adds `postern publisher disable|enable|confirm`: whether a stored publisher lets its jobs in. */
export function addStateCommands(group: Command, context: CliContext): void {
  group
    .command("disable")
    .description("Switch a publisher off: its jobs are refused from now on; nothing is removed.")
    .argument(...REPO)
    .argument(...ID)
    .option(...TYPE)
    .option(...USER)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern publisher disable acme/tiny-model 01JD3M8R")
    .action(async (first: string, second: string | undefined, options: PublisherTargetOptions) => {
      const { switchPublisher } = await import("./switch-publisher.ts");
      await switchPublisher(context, false, first, second, options);
    });
  group
    .command("enable")
    .description("Switch a publisher on again.")
    .argument(...REPO)
    .argument(...ID)
    .option(...TYPE)
    .option(...USER)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern publisher enable acme/tiny-model 01JD3M8R")
    .action(async (first: string, second: string | undefined, options: PublisherTargetOptions) => {
      const { switchPublisher } = await import("./switch-publisher.ts");
      await switchPublisher(context, true, first, second, options);
    });
  group
    .command("confirm")
    .description("Confirm that a publisher's project was renamed or transferred: shows old and new, then asks.")
    .argument(...REPO)
    .argument(...ID)
    .option("--yes", "do not ask")
    .option("--keep", "keep the old values instead; a frozen publisher then lets its old project in again")
    .option(...TYPE)
    .option(...USER)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  $ postern publisher confirm acme/tiny-model 01JD3M8R\n  $ postern publisher confirm acme/tiny-model 01JD3M8R --keep --yes",
    )
    .action(async (first: string, second: string | undefined, options: ConfirmOptions) => {
      const { confirmPublisher } = await import("./confirm-publisher.ts");
      await confirmPublisher(context, first, second, options);
    });
}
