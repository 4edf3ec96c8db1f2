import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";
import type { CollectOptions } from "./collect-garbage.ts";
import type { FsckOptions } from "./fsck.ts";
import type { RestoreOptions } from "./restore-objects.ts";

/** `postern hub fsck|gc`. */
export function hubCommand(context: CliContext): Command {
  const group = new Command("hub")
    .description("Look after what a server stores: repos, large files, database.")
    .addHelpText("after", EXAMPLES);
  group
    .command("fsck")
    .description(
      "Compare repos, large files, database and audit log with each other. Changes nothing; exit code 1 when something is wrong.",
    )
    .option("--data <FOLDER>", "the server's data folder, running or stopped (default ./data, POSTERN_DATA)")
    .option("--config <FILE>", "the server's settings, when large files are not in the data folder (POSTERN_CONFIG)")
    .option("--deep", "read every git object and every large file, too, and compare each with its name")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern hub fsck --data /var/lib/postern --deep")
    .action(async (options: FsckOptions) => {
      const { fsck } = await import("./fsck.ts");
      await fsck(context, options);
    });
  const gc = group
    .command("gc")
    .description(
      "Put large files aside that no repo needs, and remove those that were aside for a week. The server at HF_ENDPOINT does it daily by itself.",
    )
    .option("--dry-run", "say what would be done, and do nothing")
    .option("--allow-empty-tables", "every repo was deleted, and that is right")
    .option("--json", "print JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (options: CollectOptions) => {
      const { collectGarbage } = await import("./collect-garbage.ts");
      await collectGarbage(context, options);
    });
  gc.command("restore")
    .description("Bring large files back that were put aside.")
    .argument("[OID...]", "their SHA-256")
    .option("--all", "all of them")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern hub gc restore --all")
    .action(async (oids: readonly string[], _: RestoreOptions, command: Command) => {
      const { restoreObjects } = await import("./restore-objects.ts");
      // `--json` is an option of the parent, too, which takes it first.
      await restoreObjects(context, oids, command.optsWithGlobals<RestoreOptions>());
    });
  return group;
}

const EXAMPLES = `
Examples:
  $ postern hub fsck --data /var/lib/postern
  $ postern hub gc --dry-run
  $ postern hub gc restore --all`;
