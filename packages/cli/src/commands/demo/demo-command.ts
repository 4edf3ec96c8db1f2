import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";

interface DemoOptions {
  readonly once?: boolean;
  readonly port?: string;
  readonly data?: string;
}

/** `postern demo`: what `npm start` shows. */
export function demoCommand(context: CliContext): Command {
  return new Command("demo")
    .description("Start a hub on this machine and let a simulated GitHub Actions job without a secret publish to it.")
    .option("--once", "stop after the comparison, with exit code 0 when every byte agrees")
    .option("--port <PORT>", "where the hub listens (default: 8080, or a free port when that one is taken)")
    .option(
      "--data <FOLDER>",
      "keep the hub's data there, in a new folder (default: a temporary one, removed at the end)",
    )
    .addHelpText("after", "\nExamples:\n  $ postern demo\n  $ postern demo --once")
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import("../../demo/run-demo.ts");
      await runDemo(context, options);
    });
}
