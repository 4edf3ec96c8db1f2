import type { CliContext } from "../../context/cli-context.ts";
import { openManagement } from "../../session/management.ts";
import { onePublisher } from "./one-publisher.ts";
import type { PublisherTargetOptions } from "./publisher-path.ts";

/** `PATCH …/publishers/{id}`: off, its jobs are refused; on, they are let in again. */
export async function switchPublisher(
  context: CliContext,
  enabled: boolean,
  first: string,
  second: string | undefined,
  options: PublisherTargetOptions,
): Promise<void> {
  const verb = enabled ? "enable" : "disable";
  const { id, path, place } = onePublisher(verb, first, second, options);
  const answer = await openManagement(context).call(path, { method: "PATCH", body: { enabled } });
  if (options.json === true) {
    context.terminal.json(answer);
    return;
  }
  const { out, note } = context.terminal;
  if (enabled) {
    out(`Switched the publisher ${id} on ${place.words} on: its jobs are let in.`);
    if (answer.frozen === true)
      note("It is frozen all the same, because its project was transferred: postern publisher confirm");
    return;
  }
  out(`Switched the publisher ${id} on ${place.words} off: its jobs are refused from now on.`);
  note("Tokens that they hold live on to their end: postern publisher revoke-tokens ends them now.");
}
