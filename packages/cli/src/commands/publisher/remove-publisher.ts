import type { CliContext } from "../../context/cli-context.ts";
import { openManagement } from "../../session/management.ts";
import { onePublisher } from "./one-publisher.ts";
import type { PublisherTargetOptions } from "./publisher-path.ts";

/** `DELETE …/publishers/{id}`: `REPO ID`, or `ID` alone with `--user`. */
export async function removePublisher(
  context: CliContext,
  first: string,
  second: string | undefined,
  options: PublisherTargetOptions,
): Promise<void> {
  const { id, path, place } = onePublisher("remove", first, second, options);
  await openManagement(context).call(path, { method: "DELETE" });
  if (options.json === true) context.terminal.json({ id, removed: true });
  else context.terminal.out(`Removed the publisher ${id} from ${place.words}: its jobs are refused from now on.`);
}
