import { usageError } from "../../failure/cli-error.ts";
import { type PublisherPlace, type PublisherTargetOptions, publisherPlace } from "./publisher-path.ts";

/** One stored publisher. */
export interface OnePublisher {
  readonly id: string;
  readonly place: PublisherPlace;
  /** Below `/api/postern/v1`. */
  readonly path: string;
}

/**
 * Reads `REPO ID`, or `ID` alone with `--user`.
 *
 * @param verb - For the example in the refusal: `remove`.
 * @throws {CliError} exit code 2.
 */
export function onePublisher(
  verb: string,
  first: string,
  second: string | undefined,
  options: PublisherTargetOptions,
): OnePublisher {
  const [repo, id] = options.user === undefined ? [first, second] : [undefined, first];
  if (id === undefined || (options.user !== undefined && second !== undefined)) {
    throw usageError("One repo and one id, please.", `For example: postern publisher ${verb} acme/tiny-model ID`);
  }
  const place = publisherPlace(repo, options);
  return { id, place, path: `${place.path}/${encodeURIComponent(id)}` };
}
