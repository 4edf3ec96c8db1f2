import { type RepoRef, repoKeyOf } from "../resource/repo-ref.ts";
import { ORG_ROLES, type OrgRole, type Principal, type UserPrincipal } from "./principal.ts";

/**
 * What is asked of a repo. `read` is what it shows to everybody who may know of it (a gate closes only the files: `decideFileAccess`);
 * `review` is deciding about other people: access requests, closing and merging; `admin` covers settings, deletion and publishers.
 */
export type RepoPermission = "read" | "write" | "review" | "admin";

export type Visibility = "public" | "private";

/** How a gated repo lets readers in: at once when they ask, or when somebody with write access says yes. */
export type GateMode = "auto" | "manual";

/** The repo as the hub knows it: the name alone never decides. */
export interface GuardedRepo {
  readonly repo: RepoRef;
  readonly repoId: string;
  readonly visibility: Visibility;
  /** Absent: whoever may read the repo may read its files. */
  readonly gated?: GateMode;
  /** True where an administrator of the deployment took the repo off: nobody else reads or changes it. Absent: false. */
  readonly disabled?: boolean;
  /** True where only trusted publishers write: a personal token, stolen or forgotten, then cannot. Absent: false. */
  readonly trustedPublishingOnly?: boolean;
}

/** Why a personal token is refused where only trusted publishers write. Stable: clients and tests look for it. */
export const TRUSTED_PUBLISHING_ONLY = "TrustedPublishingOnly";

/**
 * `disabled`: whoever may know the repo is told that it was taken off. `hidden` means that the caller must not even learn that the repo exists; `forbidden` that it may be told "no";
 * `anonymous` on both says that credentials might help.
 */
export type AccessDecision =
  | { readonly kind: "allow" }
  | { readonly kind: "disabled" }
  | { readonly kind: "hidden"; readonly anonymous: boolean }
  | {
      readonly kind: "forbidden";
      readonly anonymous: boolean;
      readonly reason: string;
      /** The setting of the repo that forbids it, if one does. */
      readonly rule: typeof TRUSTED_PUBLISHING_ONLY | undefined;
    };

/** Decides one permission on one existing repo. Pure: the same inputs give the same answer. */
export function decideRepoAccess(
  principal: Principal,
  guarded: GuardedRepo,
  permission: RepoPermission,
): AccessDecision {
  const anonymous = principal.kind === "anonymous";
  if (!mayRead(principal, guarded)) return { kind: "hidden", anonymous };
  if (guarded.disabled === true && !administers(principal)) return { kind: "disabled" };
  if (permission === "read") return { kind: "allow" };
  const refusal = refuseChange(principal, guarded, permission);
  if (refusal !== undefined) return { kind: "forbidden", anonymous, reason: refusal, rule: undefined };
  // Whoever may manage the repo can switch this off again, and that is an event of its own in the audit log.
  if (permission === "write" && principal.kind === "user" && guarded.trustedPublishingOnly === true)
    return { kind: "forbidden", anonymous, reason: ONLY_PUBLISHERS_WRITE, rule: TRUSTED_PUBLISHING_ONLY };
  return { kind: "allow" };
}

const ONLY_PUBLISHERS_WRITE =
  "Only trusted publishers write to this repo: push from its CI job, or let an administrator switch this setting off.";

/** Administrators of the deployment, who alone take a repo off and put it back. */
export function administers(principal: Principal): boolean {
  return principal.kind === "user" && principal.isAdmin;
}

/** May this principal create a repo in `namespace`? */
export function mayCreateRepoIn(principal: Principal, namespace: string): boolean {
  if (principal.kind !== "user" || principal.tokenRole !== "write") return false;
  return hasRole(principal, namespace, "write");
}

function mayRead(principal: Principal, { repo, repoId, visibility }: GuardedRepo): boolean {
  if (visibility === "public") return true;
  switch (principal.kind) {
    case "anonymous":
    case "user-workload":
      // Documented by the Hub: a user token from an exchange never reads private repos.
      return false;
    case "user":
      return hasRole(principal, repo.namespace, "read");
    case "repo-workload":
      return isTokensRepo(principal, repo, repoId);
  }
}

function refuseChange(
  principal: Principal,
  { repo, repoId }: GuardedRepo,
  permission: "write" | "review" | "admin",
): string | undefined {
  switch (principal.kind) {
    case "anonymous":
      return "You are not logged in.";
    case "user-workload":
      return "This token is read-only: a publisher on a user never writes. Add a publisher on the repo itself.";
    case "repo-workload":
      if (permission === "admin") return "A token from a trusted publisher cannot change a repo's settings.";
      // A workflow that somebody else may edit must not open the gate or judge what people wrote.
      if (permission === "review")
        return "A token from a trusted publisher cannot decide about people. Use a person's token.";
      if (!isTokensRepo(principal, repo, repoId)) return "This token is good for another repo only.";
      return principal.access === "write" ? undefined : "This token is read-only: its publisher has read access.";
    case "user": {
      if (principal.tokenRole !== "write") return "This token is read-only; use one with the write role.";
      const role = permission === "review" ? "write" : permission;
      if (hasRole(principal, repo.namespace, role)) return undefined;
      return `You need the ${role} role in ${repo.namespace}.`;
    }
  }
}

/** Is this principal a token of exactly this repo, not of one that had its name before? */
export function isTokensRepo(
  principal: { readonly repo: RepoRef; readonly repoId: string },
  repo: RepoRef,
  repoId: string,
): boolean {
  return principal.repoId === repoId && repoKeyOf(principal.repo) === repoKeyOf(repo);
}

/** A person owns their own namespace; in an organisation the role decides. Administrators of the deployment act everywhere. */
export function hasRole(user: UserPrincipal, namespace: string, needed: OrgRole): boolean {
  if (user.isAdmin) return true;
  const wanted = namespace.toLowerCase();
  if (user.name.toLowerCase() === wanted) return true;
  const membership = user.memberships.find(({ org }) => org.toLowerCase() === wanted);
  return membership !== undefined && ORG_ROLES.indexOf(membership.role) >= ORG_ROLES.indexOf(needed);
}
