import { Command } from "commander";
import { collect } from "../../argument/collect.ts";
import { PROVIDER_WORDS } from "../../argument/provider-words.ts";
import type { CliContext } from "../../context/cli-context.ts";
import type { NewPublisher } from "./add-publisher.ts";
import { addAdviceCommands } from "./advice-commands.ts";
import type { AttemptsOptions } from "./list-attempts.ts";
import type { PublisherTargetOptions } from "./publisher-path.ts";
import { addStateCommands } from "./state-commands.ts";
import type { TestOptions } from "./test-options.ts";

const TYPE = ["--repo-type <TYPE>", "model, dataset, space or kernel (default: model)"] as const;
const USER = ["--user <NAME>", "a publisher on this user instead of a repo: read-only"] as const;

/** `postern publisher …`. */
export function publisherCommand(context: CliContext): Command {
  const group = new Command("publisher")
    .description("Say which CI jobs may publish to a repo without a stored secret.")
    .addHelpText("after", EXAMPLES);
  group
    .command("add")
    .description("Add a trusted publisher: an issuer, and the claims that its tokens must carry exactly.")
    .argument("[REPO]", "NAMESPACE/NAME; leave out with --user")
    .requiredOption("--provider <NAME>", PROVIDER_WORDS)
    .option("--repository <PATH>", "the source repository or project: acme/train")
    .option("--repository-id <ID>", "its number or UUID, which a renamed or re-created repository does not inherit")
    .option("--owner-id <ID>", "the number or UUID of its owner: user, namespace, organisation or workspace")
    .option("--workflow <FILE>", "the workflow or CI file: publish.yml")
    .option("--branch <NAME>", "only jobs on this branch")
    .option("--environment <NAME>", "only jobs in this deployment environment")
    .option("--claim <NAME=VALUE>", "any other claim; name:=7 for a number or true/false; repeatable", collect)
    .option("--issuer <URL>", "the issuer, when it is not the provider's public one")
    .option("--access <ACCESS>", "write (default) or read")
    .option("--audience <TEXT>", "azure only: the app registration that its tokens are meant for (api://…)")
    .option("--ttl <SECONDS>", "how long a token lives: 300 to 3600 (default)")
    .option("--source-address <RANGE>", "only exchanges from this address or CIDR range; repeatable", collect)
    .option("--pin-address", "its tokens work only from the address (IPv6: the /64) that the job logged in from")
    .option("--pending", "hold the name of a repo that does not exist; the first job makes it")
    .option("--expires-in <DAYS>", "with --pending: how long the name is held (default: 30, at most 90)")
    .option("--private", "with --pending: the repo will be private")
    .option(...TYPE)
    .option(...USER)
    .option("--json", "print JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (repo: string | undefined, options: NewPublisher) => {
      const { addPublisher } = await import("./add-publisher.ts");
      await addPublisher(context, repo, options);
    });
  group
    .command("list")
    .description("List the publishers of a repo or a user.")
    .argument("[REPO]", "NAMESPACE/NAME; leave out with --user")
    .option(...TYPE)
    .option(...USER)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern publisher list acme/tiny-model")
    .action(async (repo: string | undefined, options: PublisherTargetOptions) => {
      const { listPublishers } = await import("./list-publishers.ts");
      await listPublishers(context, repo, options);
    });
  group
    .command("remove")
    .description("Remove a publisher: its jobs are refused from now on.")
    .argument("<REPO_OR_ID>", "NAMESPACE/NAME; with --user, the id")
    .argument("[ID]", "the id that `postern publisher list` shows")
    .option(...TYPE)
    .option(...USER)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern publisher remove acme/tiny-model 01JD3M8R")
    .action(async (first: string, second: string | undefined, options: PublisherTargetOptions) => {
      const { removePublisher } = await import("./remove-publisher.ts");
      await removePublisher(context, first, second, options);
    });
  group
    .command("revoke-tokens")
    .description("End every token that a publisher has earned so far; the publisher stays.")
    .argument("<REPO_OR_ID>", "NAMESPACE/NAME; with --user, the id")
    .argument("[ID]", "the id that `postern publisher list` shows")
    .option(...TYPE)
    .option(...USER)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern publisher revoke-tokens acme/tiny-model 01JD3M8R")
    .action(async (first: string, second: string | undefined, options: PublisherTargetOptions) => {
      const { revokePublisherTokens } = await import("./revoke-publisher-tokens.ts");
      await revokePublisherTokens(context, first, second, options);
    });
  group
    .command("test")
    .description("Say whether a job would be let in, claim by claim. Spends nothing, makes no token.")
    .argument("[REPO]", "NAMESPACE/NAME; leave out with --user")
    .option("--token-file <FILE>", "a job's id token to ask the hub about; - reads standard input")
    .option("--provider <NAME>", "simulate a job of this provider (default: that of the first publisher)")
    .option("--claim <NAME=VALUE>", "a claim of the simulated job; repeatable", collect)
    .option(...TYPE)
    .option(...USER)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern publisher test acme/tiny-model --claim ref=refs/heads/dev")
    .action(async (repo: string | undefined, options: TestOptions) => {
      const { testPublisher } = await import("./test-publisher.ts");
      await testPublisher(context, repo, options);
    });
  group
    .command("attempts")
    .description("Show the jobs that were refused: what they sent, what is configured, and what to do.")
    .argument("[REPO]", "NAMESPACE/NAME; leave out with --user")
    .option("--limit <N>", "how many, newest first (default: 10, at most 200)")
    .option(...TYPE)
    .option(...USER)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern publisher attempts acme/tiny-model")
    .action(async (repo: string | undefined, options: AttemptsOptions) => {
      const { listAttempts } = await import("./list-attempts.ts");
      await listAttempts(context, repo, options);
    });
  addStateCommands(group, context);
  addAdviceCommands(group, context);
  return group;
}

const EXAMPLES = `
Examples:
  $ postern publisher add acme/tiny-model --provider github --repository acme/train \\
      --repository-id 456789 --owner-id 123456 --workflow publish.yml --branch main
  $ postern publisher add acme/tiny-model --provider custom --issuer https://ci.corp.example --claim sub=build-7
  $ postern publisher add --user ada --provider gitlab --repository acme/train --repository-id 42 --owner-id 7`;
