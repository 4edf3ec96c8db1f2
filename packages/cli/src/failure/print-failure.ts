import type { Terminal } from "../terminal/terminal.ts";
import type { CliError } from "./cli-error.ts";

/** One sentence, the next step, the request id: on stderr, whatever stdout is used for. */
export function printFailure(terminal: Terminal, failure: CliError): void {
  const sentence = failure.message.trim();
  terminal.note(`${terminal.style("red", "error:", "note")} ${sentence}`);
  for (const detail of failure.details) terminal.note(`  - ${detail}`);
  if (failure.next !== undefined) terminal.note(`  ${terminal.style("cyan", "next:", "note")} ${failure.next}`);
  if (failure.requestId !== undefined)
    terminal.note(terminal.style("dim", `  request id: ${failure.requestId}`, "note"));
}
