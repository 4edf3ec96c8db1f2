import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";
import type { ExportOptions } from "./export-audit.ts";
import type { VerifyOptions } from "./verify-audit.ts";

/** `postern audit export|verify`. */
export function auditCommand(context: CliContext): Command {
  const group = new Command("audit")
    .description("Export and verify the record of who did what: append-only, hash-chained.")
    .addHelpText(
      "after",
      "\nExample:\n  $ postern audit export --data ./data > audit.jsonl && postern audit verify audit.jsonl",
    );
  group
    .command("export")
    .description("Print every entry as one line of JSON, oldest first.")
    .option("--data <FOLDER>", "read a server's data folder, running or stopped, instead of asking HF_ENDPOINT")
    .option("--after <SEQ>", "only entries after this one; not with --data")
    .option("--json", "accepted for symmetry: the output is JSON lines either way")
    .addHelpText(
      "after",
      `
Examples:
  $ postern audit export > audit.jsonl
  $ postern audit export --data /var/lib/postern > audit.jsonl`,
    )
    .action(async (options: ExportOptions) => {
      const { exportAudit } = await import("./export-audit.ts");
      await exportAudit(context, options);
    });
  group
    .command("verify")
    .description("Check the chain: a changed, missing or reordered entry is named. Exit code 1 when there is one.")
    .argument("[FILE]", "an export (default: ask HF_ENDPOINT for all entries)")
    .option("--data <FOLDER>", "a server's data folder, running or stopped; its own checkpoints are compared too")
    .option("--checkpoints <FILE>", "checkpoints kept elsewhere: finds a log that was cut off or computed anew")
    .option("--key <NOTEKEY>", "the key that signed them (NAME+ID+KEY; the server prints it at …/audit/checkpoint-key)")
    .option("--head <SEQ:HASH>", "a head that was noted elsewhere")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ postern audit verify --data /var/lib/postern
  $ postern audit verify audit.jsonl
  $ postern audit verify audit.jsonl --checkpoints /mnt/witness/checkpoints --key hub.example.com/audit+1a2b3c4d+Aa…`,
    )
    .action(async (file: string | undefined, options: VerifyOptions) => {
      const { verifyAudit } = await import("./verify-audit.ts");
      await verifyAudit(context, file, options);
    });
  return group;
}
