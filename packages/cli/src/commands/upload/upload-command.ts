import { Command } from "commander";
import { collect } from "../../argument/collect.ts";
import type { CliContext } from "../../context/cli-context.ts";
import type { UploadOptions } from "./upload.ts";

/** `postern upload REPO [LOCAL] [PATH_IN_REPO]`, with the flags of `hf upload`. */
export function uploadCommand(context: CliContext): Command {
  return new Command("upload")
    .description("Publish a file or a folder as one commit. The repo is created when it does not exist and you may.")
    .argument("<REPO>", "NAMESPACE/NAME")
    .argument("[LOCAL]", "a file or a folder", ".")
    .argument("[PATH_IN_REPO]", "where it goes in the repo (default: its root)")
    .option("--repo-type <TYPE>", "model, dataset, space or kernel (default: model)")
    .option("--revision <BRANCH>", "the branch; made when it does not exist (default: main)")
    .option("--commit-message <TEXT>", "first line of the commit's message")
    .option("--commit-description <TEXT>", "the rest of it")
    .option("--include <PATTERN>", "only paths that match; repeatable", collect)
    .option("--exclude <PATTERN>", "no paths that match; repeatable", collect)
    .option("--private", "if the repo has to be created, make it private")
    .option("--no-create", "fail when the repo does not exist")
    .option("--revoke-on-exit", "end the token of a keyless login afterwards, whatever happened")
    .option("--quiet", "print nothing but errors")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ postern upload acme/tiny-model ./model
  $ postern upload acme/tiny-model weights.bin checkpoints/7/weights.bin --commit-message "Step 7"
  $ HF_OIDC_RESOURCE=acme/tiny-model postern upload acme/tiny-model ./model     inside a CI job: no token`,
    )
    .action(async (repo: string, local: string, pathInRepo: string | undefined, options: UploadOptions) => {
      const { upload } = await import("./upload.ts");
      await upload(context, repo, local, pathInRepo, options);
    });
}
