import { pluralOf } from "@postern/core/resource/repo-kind";
import { repoIdOf, repoPathOf } from "@postern/core/resource/repo-ref";
import { parseRepoArgument } from "../../argument/repo-argument.ts";
import { usageError } from "../../failure/cli-error.ts";

export interface PublisherTargetOptions {
  readonly user?: string;
  readonly repoType?: string;
  readonly json?: boolean;
}

/** Where the publishers of one repo or one user are managed. */
export interface PublisherPlace {
  /** Of the publishers, below `/api/postern/v1`. */
  readonly path: string;
  /** Of the repo or user itself, below `/api/postern/v1`. */
  readonly resourcePath: string;
  /** As an exchange names it. */
  readonly resource: string;
  /** As it stands on a command line. */
  readonly argument: readonly string[];
  /** For sentences: `acme/tiny-model`, `the user ada`. */
  readonly words: string;
}

/** @throws {CliError} exit code 2 unless exactly one of a repo and `--user` is given. */
export function publisherPlace(repoText: string | undefined, options: PublisherTargetOptions): PublisherPlace {
  if (options.user !== undefined && repoText === undefined) {
    const resourcePath = `/users/${encodeURIComponent(options.user)}`;
    return {
      path: `${resourcePath}/publishers`,
      resourcePath,
      resource: options.user,
      argument: ["--user", options.user],
      words: `the user ${options.user}`,
    };
  }
  if (repoText === undefined || options.user !== undefined) {
    throw usageError("A publisher belongs to one repo or to one user.", "Give either NAMESPACE/NAME or --user NAME.");
  }
  const repo = parseRepoArgument(repoText, options.repoType);
  const resourcePath = `/${pluralOf(repo.kind)}/${repoIdOf(repo)}`;
  return {
    path: `${resourcePath}/publishers`,
    resourcePath,
    resource: repoPathOf(repo),
    argument: [repoPathOf(repo)],
    words: repoIdOf(repo),
  };
}
