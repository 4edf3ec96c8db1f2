import type { Command } from "commander";
import { collect } from "../../argument/collect.ts";
import { PROVIDER_WORDS } from "../../argument/provider-words.ts";
import type { CliContext } from "../../context/cli-context.ts";
import type { ApplyOptions } from "./apply/apply-publishers.ts";
import type { WorkflowOptions } from "./print-workflow.ts";
import type { PublisherTargetOptions } from "./publisher-path.ts";

const TYPE = ["--repo-type <TYPE>", "model, dataset, space or kernel (default: model)"] as const;
const USER = ["--user <NAME>", "a publisher on this user instead of a repo"] as const;

/** Adds `postern publisher lint|workflow|apply`: what to make of publishers as a whole. */
export function addAdviceCommands(group: Command, context: CliContext): void {
  group
    .command("lint")
    .description("Say in one sentence each who may publish, and what lets in more than was meant.")
    .argument("[REPO]", "NAMESPACE/NAME; leave out with --user")
    .option(...TYPE)
    .option(...USER)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExit code 1 when there is an error or a warning; advice alone is no failure.\n\nExample:\n  $ postern publisher lint acme/tiny-model",
    )
    .action(async (repo: string | undefined, options: PublisherTargetOptions) => {
      const { lintPublishers } = await import("./lint-publishers.ts");
      await lintPublishers(context, repo, options);
    });
  group
    .command("workflow")
    .description("Print a ready workflow for a publisher: least privilege, build and publish apart, no cache.")
    .argument("[REPO]", "NAMESPACE/NAME; leave out with --user")
    .option("--publisher <ID>", "the stored publisher (default: the only one)")
    .option("--provider <NAME>", `describe a publisher instead: ${PROVIDER_WORDS}`)
    .option("--repository <PATH>", "the source repository or project: acme/train")
    .option("--repository-id <ID>", "its number or UUID")
    .option("--owner-id <ID>", "the number or UUID of its owner")
    .option("--workflow <FILE>", "the workflow or CI file: publish.yml")
    .option("--branch <NAME>", "the branch that publishes")
    .option("--environment <NAME>", "the deployment environment")
    .option("--claim <NAME=VALUE>", "any other claim; repeatable", collect)
    .option("--issuer <URL>", "the issuer, when it is not the provider's public one")
    .option("--folder <FOLDER>", "what the build leaves behind and the job uploads (default: model)")
    .option(...TYPE)
    .option(...USER)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ postern publisher workflow acme/tiny-model > .github/workflows/publish.yml
  $ postern publisher workflow acme/tiny-model --provider gitlab --repository acme/train --branch main`,
    )
    .action(async (repo: string | undefined, options: WorkflowOptions) => {
      const { printWorkflow } = await import("./print-workflow.ts");
      await printWorkflow(context, repo, options);
    });
  group
    .command("apply")
    .description("Make the publishers of many repos what a file says: shows the plan; changes it with --yes.")
    .argument("<FILE>", "publishers.yaml (docs/reference/publishers.schema.json)")
    .option("--yes", "carry out the plan")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ postern publisher apply publishers.yaml
  $ postern publisher apply publishers.yaml --yes

publishers.yaml:
  version: 1
  prune: false          # true: remove publishers that are not in this file
  repos:
    acme/tiny-model:
      publishers:
        - provider: github
          claims: { repository_id: "456789", repository_owner_id: "123456", workflow: publish.yml, branch: main }
          ttl_seconds: 900
          pending: true  # hold the name when the repo does not exist`,
    )
    .action(async (file: string, options: ApplyOptions) => {
      const { applyPublishers } = await import("./apply/apply-publishers.ts");
      await applyPublishers(context, file, options);
    });
}
