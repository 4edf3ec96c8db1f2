import { Command } from "commander";
import { collect } from "../../argument/collect.ts";
import { SIMULATED_WORDS } from "../../argument/provider-words.ts";
import type { CliContext } from "../../context/cli-context.ts";
import type { SimulateOptions } from "./simulate.ts";

/** `postern simulate --provider P -- COMMAND …`, or `--serve`. */
export function simulateCommand(context: CliContext): Command {
  return new Command("simulate")
    .description(
      "Run a command with the environment that a CI job has, and a local issuer that signs for it. Exits as the command does.",
    )
    .usage("--provider PROVIDER [OPTIONS] -- COMMAND [ARGUMENTS]")
    .argument("[COMMAND...]", "what the job runs, after --")
    .option("--provider <NAME>", SIMULATED_WORDS)
    .option(
      "--claim <NAME=VALUE>",
      "a claim of its token; name:=JSON for other types, name= to remove it; repeatable",
      collect,
    )
    .option("--fault <FAULT>", "something that is wrong; --list-faults shows them; repeatable", collect)
    .option(
      "--audience <URL>",
      "whom a token is for that is ready made, as on gitlab and bitbucket (default: HF_ENDPOINT); repeatable",
      collect,
    )
    .option("--scenario <NAME>", "trusted (default), no-id-token or fork-pull-request")
    .option("--env <NAME=VALUE>", "a variable of the workflow; repeatable", collect)
    .option("--port <PORT>", "where the issuers listen (default: a free port)")
    .option("--serve", "serve the issuers alone until Ctrl+C")
    .option("--list-faults", "list the faults")
    .option("--json", "with --serve and --list-faults: print JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ postern simulate --serve --port 9000
  $ postern simulate --provider github --port 9000 --env HF_OIDC_RESOURCE=acme/tiny-model -- postern upload acme/tiny-model ./model
  $ postern simulate --provider github --claim repository=acme/other --fault expired -- postern auth token

The hub must believe the issuer: postern issuer add --provider github --url http://127.0.0.1:9000/github --allow-origin http://127.0.0.1:9000`,
    )
    .action(async (words: readonly string[], options: SimulateOptions) => {
      const { simulate } = await import("./simulate.ts");
      await simulate(context, words, options);
    });
}
