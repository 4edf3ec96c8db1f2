import { Command } from "commander";
import { collect } from "../../argument/collect.ts";
import type { CliContext } from "../../context/cli-context.ts";
import type { DownloadOptions } from "./download.ts";

/** `postern download REPO [FILES…]`, with the flags of `hf download`. */
export function downloadCommand(context: CliContext): Command {
  return new Command("download")
    .description("Read a repo, or some files of it. Every file is checked against its hash before it appears.")
    .argument("<REPO>", "NAMESPACE/NAME")
    .argument("[FILES...]", "paths in the repo (default: all)")
    .option("--local-dir <FOLDER>", "where the files go (default: a folder with the repo's name)")
    .option("--repo-type <TYPE>", "model, dataset, space or kernel (default: model)")
    .option("--revision <REVISION>", "a branch, tag or commit (default: main)")
    .option("--include <PATTERN>", "only paths that match; repeatable", collect)
    .option("--exclude <PATTERN>", "no paths that match; repeatable", collect)
    .option("--revoke-on-exit", "end the token of a keyless login afterwards, whatever happened")
    .option("--quiet", "print nothing but errors")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ postern download acme/tiny-model
  $ postern download acme/tiny-model README.md config.json --local-dir ./config
  $ postern download datasets/acme/corpus --include '*.parquet' --revision v2`,
    )
    .action(async (repo: string, files: readonly string[], options: DownloadOptions) => {
      const { download } = await import("./download.ts");
      await download(context, repo, files, options);
    });
}
