import { type AccountName, parseAccountName } from "./account-name.ts";
import { parseRepoKindPlural, type RepoKind } from "./repo-kind.ts";
import { parseRepoRef, type RepoRef, repoPathOf } from "./repo-ref.ts";

/** What an exchange asks for (RFC 8693 §2.1 `resource`, in the Hub's spelling): one repo, or one user. */
export type Resource =
  | { readonly kind: "repo"; readonly repo: RepoRef }
  | { readonly kind: "user"; readonly name: AccountName };

/**
 * `ns/name`, `datasets/ns/name`, `spaces/ns/name`, `kernels/ns/name` or a bare user name.
 *
 * Nothing is decoded, trimmed or folded, so `datasets%2Facme`, `acme/../b` and `/acme/x` are refused as they stand.
 *
 * @returns `undefined` when the text is no resource.
 */
export function parseResource(text: string): Resource | undefined {
  if (text.length > 160) return undefined;
  const parts = text.split("/");
  const [first, second, third] = parts;
  if (first === undefined) return undefined;
  if (parts.length === 1) {
    const name = parseAccountName(first);
    return name === undefined ? undefined : { kind: "user", name };
  }
  if (second === undefined) return undefined;
  if (parts.length === 2) return repoResource("model", first, second);
  if (parts.length !== 3 || third === undefined) return undefined;
  const kind = parseRepoKindPlural(first);
  // `models/ns/name` is not a spelling that the Hub documents.
  return kind === undefined || kind === "model" ? undefined : repoResource(kind, second, third);
}

function repoResource(kind: RepoKind, namespace: string, name: string): Resource | undefined {
  const repo = parseRepoRef(kind, namespace, name);
  return repo === undefined ? undefined : { kind: "repo", repo };
}

/** The text that `parseResource` reads back. */
export function formatResource(resource: Resource): string {
  return resource.kind === "user" ? resource.name : repoPathOf(resource.repo);
}
