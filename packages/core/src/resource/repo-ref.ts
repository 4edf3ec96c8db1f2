import type { AccountName } from "./account-name.ts";
import { parseAccountName } from "./account-name.ts";
import type { RepoKind } from "./repo-kind.ts";
import { pathPrefixOf } from "./repo-kind.ts";
import type { RepoName } from "./repo-name.ts";
import { parseRepoName } from "./repo-name.ts";

/** Which repo: its kind and its two-part id. Says nothing about whether it exists. */
export interface RepoRef {
  readonly kind: RepoKind;
  readonly namespace: AccountName;
  readonly name: RepoName;
}

/** @returns `undefined` when either part breaks the grammar. */
export function parseRepoRef(kind: RepoKind, namespace: string, name: string): RepoRef | undefined {
  const parsedNamespace = parseAccountName(namespace);
  const parsedName = parseRepoName(name);
  if (parsedNamespace === undefined || parsedName === undefined) return undefined;
  return { kind, namespace: parsedNamespace, name: parsedName };
}

/** `ns/name`: the id that clients show, without the kind. */
export function repoIdOf(repo: RepoRef): string {
  return `${repo.namespace}/${repo.name}`;
}

/** `ns/name` for a model, `datasets/ns/name` and so on for the rest: the form of `resource` and of web paths. */
export function repoPathOf(repo: RepoRef): string {
  return `${pathPrefixOf(repo.kind)}${repo.namespace}/${repo.name}`;
}

/** Two refs with equal keys name the same repo: names are unique without regard to case. */
export function repoKeyOf(repo: RepoRef): string {
  return `${repo.kind}:${repo.namespace}/${repo.name}`.toLowerCase();
}
