import type { AccountName } from "../resource/account-name.ts";
import type { Principal } from "./principal.ts";
import { decideRepoAccess, type GuardedRepo, hasRole, isTokensRepo } from "./repo-access.ts";

/** What became of a person's request to read a gated repo. `reset`: it was taken back, and they may ask again. */
export const ACCESS_REQUEST_STATUSES = ["pending", "accepted", "rejected", "reset"] as const;
export type AccessRequestStatus = (typeof ACCESS_REQUEST_STATUSES)[number];

/** Whose request counts: nobody's where the gate does not concern the caller, or where no request could help them. */
export type GateRule =
  | { readonly kind: "open" }
  | { readonly kind: "grant-of"; readonly user: AccountName }
  | { readonly kind: "closed"; readonly why: "anonymous" | "other-repo" };

/** May the caller read what the files hold? `gated`: the repo may be known, its files not. */
export type FileAccessDecision =
  | { readonly kind: "allow" }
  | { readonly kind: "hidden"; readonly anonymous: boolean }
  | {
      readonly kind: "gated";
      readonly why: "anonymous" | "other-repo" | "not-asked" | Exclude<AccessRequestStatus, "accepted">;
    };

/**
 * Decides about the content of one existing repo: downloads, raw blobs, LFS objects, git fetches and diffs. Pure, and asked anew on each
 * request, so that whoever loses a grant loses the files at once.
 *
 * @param request - What became of the request of `gateRuleFor`'s user; `undefined` when there is none.
 */
export function decideFileAccess(
  principal: Principal,
  guarded: GuardedRepo,
  request: AccessRequestStatus | undefined,
): FileAccessDecision {
  if (decideRepoAccess(principal, guarded, "read").kind !== "allow") {
    return { kind: "hidden", anonymous: principal.kind === "anonymous" };
  }
  const rule = gateRuleFor(principal, guarded);
  switch (rule.kind) {
    case "open":
      return { kind: "allow" };
    case "closed":
      return { kind: "gated", why: rule.why };
    case "grant-of":
      return request === "accepted" ? { kind: "allow" } : { kind: "gated", why: request ?? "not-asked" };
  }
}

/**
 * How the gate stands to a caller who may know the repo. Members of its namespace and the repo's own tokens pass; a user's job reads what
 * the user was granted, and what lies in the user's own namespace.
 */
export function gateRuleFor(principal: Principal, guarded: GuardedRepo): GateRule {
  if (guarded.gated === undefined) return { kind: "open" };
  const { repo, repoId } = guarded;
  switch (principal.kind) {
    case "anonymous":
      return { kind: "closed", why: "anonymous" };
    case "repo-workload":
      return isTokensRepo(principal, repo, repoId) ? { kind: "open" } : { kind: "closed", why: "other-repo" };
    case "user-workload":
      return principal.name.toLowerCase() === repo.namespace.toLowerCase()
        ? { kind: "open" }
        : { kind: "grant-of", user: principal.name };
    case "user":
      return hasRole(principal, repo.namespace, "read") ? { kind: "open" } : { kind: "grant-of", user: principal.name };
  }
}
