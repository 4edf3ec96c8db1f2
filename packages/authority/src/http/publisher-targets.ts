import { ApiError } from "@postern/core/error/api-error";
import { parseAccountName } from "@postern/core/resource/account-name";
import { pluralOf, REPO_KINDS } from "@postern/core/resource/repo-kind";
import { parseRepoRef } from "@postern/core/resource/repo-ref";
import type { Resource } from "@postern/core/resource/resource";

type Params = Readonly<Record<string, string>>;

/** A kind of resource that has publishers, and where its routes begin. */
export interface PublisherTargetPath {
  /** `/api/postern/v1/models/:namespace/:name`, without `/publishers`. */
  readonly path: string;
  /** @throws {ApiError} `not_found` when the names break the grammar. */
  resourceOf(params: Params): Resource;
}

/** Every kind of repo. */
export const REPO_TARGETS: readonly PublisherTargetPath[] = REPO_KINDS.map((kind) => ({
  path: `/api/postern/v1/${pluralOf(kind)}/:namespace/:name`,
  resourceOf: ({ namespace = "", name = "" }) => {
    const repo = parseRepoRef(kind, namespace, name);
    if (repo === undefined) throw noSuchResource();
    return { kind: "repo", repo };
  },
}));

/** Every kind of repo, and users. */
export const PUBLISHER_TARGETS: readonly PublisherTargetPath[] = [
  ...REPO_TARGETS,
  {
    path: "/api/postern/v1/users/:name",
    resourceOf: ({ name = "" }) => {
      const account = parseAccountName(name);
      if (account === undefined) throw noSuchResource();
      return { kind: "user", name: account };
    },
  },
];

function noSuchResource(): ApiError {
  return new ApiError("not_found", "There is no such resource.");
}
