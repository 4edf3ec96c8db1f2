import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";
import { openManagement } from "../../session/management.ts";
import { type PublisherTargetOptions, publisherPlace } from "./publisher-path.ts";

/** `DELETE …/publishers/{id}`: `REPO ID`, or `ID` alone with `--user`. */
export async function removePublisher(
  context: CliContext,
  first: string,
  second: string | undefined,
  options: PublisherTargetOptions,
): Promise<void> {
  const [repo, id] = options.user === undefined ? [first, second] : [undefined, first];
  if (id === undefined || (options.user !== undefined && second !== undefined)) {
    throw usageError("One repo and one id, please.", "For example: postern publisher remove acme/tiny-model ID");
  }
  const place = publisherPlace(repo, options);
  await openManagement(context).call(`${place.path}/${encodeURIComponent(id)}`, { method: "DELETE" });
  if (options.json === true) context.terminal.json({ id, removed: true });
  else context.terminal.out(`Removed the publisher ${id} from ${place.words}: its jobs are refused from now on.`);
}
