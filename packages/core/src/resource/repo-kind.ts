/** The kinds of repo on the Hub (hub-wire: "Repo addressing"). */
export const REPO_KINDS = ["model", "dataset", "space", "kernel"] as const;
export type RepoKind = (typeof REPO_KINDS)[number];

/** The plural used in `/api/{kind}s/…`. */
export type RepoKindPlural = "models" | "datasets" | "spaces" | "kernels";

export function pluralOf(kind: RepoKind): RepoKindPlural {
  return `${kind}s`;
}

/** `undefined` when `word` is not exactly one of the plurals. */
export function parseRepoKindPlural(word: string): RepoKind | undefined {
  return REPO_KINDS.find((kind) => pluralOf(kind) === word);
}

const PATH_PREFIXES = { model: "", dataset: "datasets/", space: "spaces/", kernel: "kernels/" } as const;

/** The path in front of `ns/name` outside `/api`: empty for models, `datasets/` and so on for the rest. */
export function pathPrefixOf(kind: RepoKind): (typeof PATH_PREFIXES)[RepoKind] {
  return PATH_PREFIXES[kind];
}
