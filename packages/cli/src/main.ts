import { Command, CommanderError } from "commander";
import { COMMANDS } from "./command-table.ts";
import type { CliContext } from "./context/cli-context.ts";
import { processContext } from "./context/process-context.ts";
import { CommandExit } from "./failure/command-exit.ts";
import { describeFailure } from "./failure/describe-failure.ts";
import { printFailure } from "./failure/print-failure.ts";

/** Runs the command line of this process and sets its exit code: 0 done, 1 refused or failed, 2 wrong usage. */
export async function runPostern(): Promise<void> {
  const context = processContext();
  process.exitCode = await runCommandLine(process.argv.slice(2), context);
}

/** @param words - The command line after the program's name. */
export async function runCommandLine(words: readonly string[], context: CliContext): Promise<number> {
  try {
    const asked = words[0] === "help" ? [...words.slice(1), "--help"] : words;
    const program = await buildProgram(asked[0], context);
    await program.parseAsync([...asked], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Asked for: `--help` and `--version`. Everything else that commander throws is wrong usage, already printed.
      return error.exitCode === 0 ? 0 : 2;
    }
    if (error instanceof CommandExit) return error.exitCode;
    const failure = describeFailure(error);
    printFailure(context.terminal, failure);
    return failure.exitCode;
  }
}

/** Loads only the command that is asked for: start-up time is part of every CI step. */
async function buildProgram(asked: string | undefined, context: CliContext): Promise<Command> {
  const program = new Command("postern")
    .description("The front door of a model hub: publish from CI without a stored secret, serve, manage.")
    .usage("COMMAND [OPTIONS]")
    .helpCommand(false)
    .addHelpText("after", ROOT_EXAMPLES);
  for (const { name, summary, load } of COMMANDS) {
    if (name === asked) program.addCommand((await load())(context));
    else program.command(name).description(summary);
  }
  if (asked === "--version" || asked === "-V") program.version(await (await import("./version.ts")).readVersion());
  else program.option("-V, --version", "print the version");
  prepare(program, context);
  return program;
}

const ROOT_EXAMPLES = `
Examples:
  $ postern demo                                    see the whole thing work, on this machine
  $ postern upload acme/tiny-model ./model          publish a folder
  $ postern download acme/tiny-model                read it back
  $ postern publisher add acme/tiny-model --help    let a CI job publish without a secret

HF_ENDPOINT chooses the hub (default https://huggingface.co). Exit codes: 0 done, 1 refused or failed, 2 wrong usage.`;

/** Errors come as exceptions, words go to the context's streams, and each usage error says where to read on. */
function prepare(command: Command, context: CliContext): void {
  command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.raw(text),
      writeErr: (text) => context.terminal.rawNote(text),
      getOutHelpWidth: () => Math.min(context.terminal.columns, 110),
      getErrHelpWidth: () => Math.min(context.terminal.columns, 110),
      outputError: (text, write) => write(text.replace(/^error:/, context.terminal.style("red", "error:", "note"))),
    })
    .showSuggestionAfterError(true)
    .showHelpAfterError(`Run \`${pathOf(command)} --help\` for its options and an example.`);
  for (const child of command.commands) prepare(child, context);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
