import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";
import { openManagement } from "../../session/management.ts";
import { type PublisherTargetOptions, publisherPlace } from "./publisher-path.ts";

/** `POST …/publishers/{id}/revoke-tokens`: `REPO ID`, or `ID` alone with `--user`. */
export async function revokePublisherTokens(
  context: CliContext,
  first: string,
  second: string | undefined,
  options: PublisherTargetOptions,
): Promise<void> {
  const [repo, id] = options.user === undefined ? [first, second] : [undefined, first];
  if (id === undefined || (options.user !== undefined && second !== undefined)) {
    throw usageError("One repo and one id, please.", "For example: postern publisher revoke-tokens acme/tiny-model ID");
  }
  const place = publisherPlace(repo, options);
  await openManagement(context).call(`${place.path}/${encodeURIComponent(id)}/revoke-tokens`, { method: "POST" });
  if (options.json === true) context.terminal.json({ id, revoked: true });
  else context.terminal.out(`Revoked every token that the publisher ${id} of ${place.words} has earned so far.`);
}
