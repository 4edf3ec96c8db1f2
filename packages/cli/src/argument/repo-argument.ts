import { REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import { parseRepoRef, type RepoRef } from "@postern/core/resource/repo-ref";
import { parseResource } from "@postern/core/resource/resource";
import { usageError } from "../failure/cli-error.ts";

/**
 * `ns/name` of the given type, or a full path such as `datasets/ns/name`.
 *
 * @throws {CliError} exit code 2 when the text names no repo, or names one of another type than `--repo-type` says.
 */
export function parseRepoArgument(text: string, repoType: string | undefined): RepoRef {
  const kind = repoType === undefined ? undefined : parseRepoType(repoType);
  const [namespace, name, third] = text.split("/");
  if (kind !== undefined && namespace !== undefined && name !== undefined && third === undefined) {
    const repo = parseRepoRef(kind, namespace, name);
    if (repo !== undefined) return repo;
  }
  const resource = parseResource(text);
  if (resource?.kind !== "repo") {
    throw usageError(`'${text}' is not a repo id.`, "Write NAMESPACE/NAME, for example acme/tiny-model.");
  }
  if (kind !== undefined && kind !== resource.repo.kind) {
    throw usageError(
      `'${text}' is a ${resource.repo.kind}, but --repo-type says ${kind}.`,
      "Leave one of the two out.",
    );
  }
  return resource.repo;
}

/** @throws {CliError} exit code 2 when the word is none of the Hub's repo types. */
export function parseRepoType(word: string): RepoKind {
  const kind = REPO_KINDS.find((known) => known === word);
  if (kind === undefined) {
    throw usageError(`'${word}' is not a repo type.`, `Use one of: ${REPO_KINDS.join(", ")}.`);
  }
  return kind;
}
