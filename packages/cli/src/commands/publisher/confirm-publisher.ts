import { createInterface } from "node:readline/promises";
import type { CliContext } from "../../context/cli-context.ts";
import { CliError, usageError } from "../../failure/cli-error.ts";
import { recordsIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { onePublisher } from "./one-publisher.ts";
import type { PublisherTargetOptions } from "./publisher-path.ts";
import { type WaitingChange, waitingChangeOf } from "./waiting-change.ts";

export interface ConfirmOptions extends PublisherTargetOptions {
  readonly yes?: boolean;
  readonly keep?: boolean;
}

const HEADLINES: Readonly<Record<WaitingChange["kind"], string>> = {
  transfer: "Its project was transferred to another owner, and it is frozen:",
  rename: "Its project was renamed:",
  accepted: "Its project was renamed, and it has taken the new name already:",
};

/** Shows the old and the new values, asks, and sends exactly what was shown: `POST …/publishers/{id}/confirm`. */
export async function confirmPublisher(
  context: CliContext,
  first: string,
  second: string | undefined,
  options: ConfirmOptions,
): Promise<void> {
  const { id, path, place } = onePublisher("confirm", first, second, options);
  const management = openManagement(context);
  const publisher = recordsIn(await management.call(place.path), "publishers").find((one) => one.id === id);
  if (publisher === undefined) {
    throw new CliError(`There is no publisher ${id} on ${place.words}.`, {
      next: `postern publisher list ${place.argument.join(" ")} shows them.`,
    });
  }
  const change = waitingChangeOf(publisher);
  if (change === undefined) throw new CliError(`Nothing waits to be confirmed at the publisher ${id}.`);
  const { terminal } = context;
  // A script that says --yes reads JSON alone; everybody else sees what is about to be confirmed.
  if (options.json !== true || options.yes !== true) {
    terminal.note(`The publisher ${id} on ${place.words}. ${HEADLINES[change.kind]}`);
    for (const line of change.lines) terminal.note(`  ${line}`);
    terminal.note(`Seen ${change.since}.`);
  }
  const accept = options.keep !== true;
  if (options.yes !== true) await ask(context, accept);
  const body = accept ? { accept, to: change.to } : { accept };
  const answer = await management.call(`${path}/confirm`, { method: "POST", body });
  if (options.json === true) terminal.json(answer);
  else
    terminal.out(
      accept ? `Confirmed: the publisher ${id} has the new values.` : `The publisher ${id} keeps its old values.`,
    );
}

async function ask(context: CliContext, accept: boolean): Promise<void> {
  if (!context.terminal.interactive || process.stdin.isTTY !== true)
    throw usageError("Nobody is here to say yes to this.", "Look at the values above, then add --yes.");
  using prompt = createInterface({ input: process.stdin, output: process.stderr });
  const question = accept ? "Do the new values belong to you or to somebody you trust?" : "Keep the old values?";
  const answer = await prompt.question(`${question} Type yes to go on: `, { signal: context.signal });
  if (answer.trim().toLowerCase() !== "yes")
    throw new CliError("Nothing was changed.", { next: "Type yes to confirm." });
}
