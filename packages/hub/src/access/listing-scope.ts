import type { Principal } from "@postern/core/access/principal";

/**
 * Which private repos a list may have at all, so that the database leaves the rest out and no page, link or count gives one away.
 *
 * Never wider than `decideRepoAccess`, which has the last word on each repo.
 */
export type ListingScope =
  | { readonly kind: "all" }
  /** Public ones, and private ones of these namespaces (lower case) or with this id. */
  | { readonly kind: "some"; readonly namespaces: readonly string[]; readonly repoId: string | undefined };

export function listingScopeOf(principal: Principal): ListingScope {
  switch (principal.kind) {
    case "user": {
      if (principal.isAdmin) return { kind: "all" };
      const namespaces = [principal.name, ...principal.memberships.map(({ org }) => org)];
      return { kind: "some", namespaces: namespaces.map((name) => name.toLowerCase()), repoId: undefined };
    }
    case "repo-workload":
      return { kind: "some", namespaces: [], repoId: principal.repoId };
    case "user-workload":
    case "anonymous":
      return { kind: "some", namespaces: [], repoId: undefined };
  }
}
