import type { CliContext } from "../../context/cli-context.ts";
import { openManagement } from "../../session/management.ts";
import { onePublisher } from "./one-publisher.ts";
import type { PublisherTargetOptions } from "./publisher-path.ts";

/** `POST …/publishers/{id}/revoke-tokens`: `REPO ID`, or `ID` alone with `--user`. */
export async function revokePublisherTokens(
  context: CliContext,
  first: string,
  second: string | undefined,
  options: PublisherTargetOptions,
): Promise<void> {
  const { id, path, place } = onePublisher("revoke-tokens", first, second, options);
  await openManagement(context).call(`${path}/revoke-tokens`, { method: "POST" });
  if (options.json === true) context.terminal.json({ id, revoked: true });
  else context.terminal.out(`Revoked every token that the publisher ${id} of ${place.words} has earned so far.`);
}
