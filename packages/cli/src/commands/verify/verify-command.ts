import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";
import type { VerifyOptions } from "./verify.ts";

/** `postern verify REPO@REVISION`. */
export function verifyCommand(context: CliContext): Command {
  return new Command("verify")
    .description(
      "Check who made a commit, and that files are what was committed. With --bundle or in a clone nothing is asked of any server.",
    )
    .argument("[REPO@REVISION]", "NAMESPACE/NAME@BRANCH, TAG or COMMIT (default: main)")
    .option("--dir <FOLDER>", "compare the files in this folder too; a git clone when no repo is named")
    .option("--save <FILE>", "keep what the check needs, for --bundle later and elsewhere")
    .option("--bundle <FILE>", "check what --save kept, without a network")
    .option("--keys <FILE>", "trust the keys in this JWK Set and no others (the hub's /oauth/jwks, kept earlier)")
    .option("--repo-type <TYPE>", "model, dataset, space or kernel (default: model)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Exit code 0 only when a trusted key signed who made the commit and every file is as it was committed; 1 otherwise. The first word says
what is wrong: no-statement (nobody vouches for this commit), forged (the statement, or what it speaks of, is not genuine), changed
(files differ from the commit).

Examples:
  $ postern verify acme/tiny-model@main
  $ postern verify acme/tiny-model@v1 --dir ./tiny-model --save tiny-model.provenance
  $ postern verify --bundle tiny-model.provenance --dir ./tiny-model --keys hub-keys.json
  $ git fetch origin 'refs/notes/*:refs/notes/*' && postern verify --dir . --keys hub-keys.json`,
    )
    .action(async (target: string | undefined, options: VerifyOptions) => {
      const { verify } = await import("./verify.ts");
      await verify(context, target, options);
    });
}
