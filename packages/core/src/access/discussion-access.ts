import type { Principal } from "./principal.ts";
import { type GuardedRepo, isTokensRepo } from "./repo-access.ts";

/** Who wrote something: a person by account, or a job, which is nobody in particular. */
export interface Participant {
  readonly kind: "user" | "workload";
  /** The account's name; `[OIDC]` for a job. */
  readonly name: string;
}

/**
 * Who may open discussions and pull requests on a repo that they may read, and comment: people, and the repo's own jobs.
 *
 * @returns why not, in a sentence; `undefined` when they may.
 */
export function refuseParticipation(principal: Principal, guarded: GuardedRepo): string | undefined {
  switch (principal.kind) {
    case "anonymous":
      return "You are not logged in.";
    case "user":
      return principal.tokenRole === "write" ? undefined : "This token is read-only; use one with the write role.";
    case "user-workload":
      return "This token is read-only: a publisher on a user never writes.";
    case "repo-workload":
      if (!isTokensRepo(principal, guarded.repo, guarded.repoId)) return "This token is good for another repo only.";
      return principal.access === "write" ? undefined : "This token is read-only: its publisher has read access.";
  }
}

/** How a principal signs what it writes. @throws {Error} for one that `refuseParticipation` refuses. */
export function participantOf(principal: Principal): Participant {
  switch (principal.kind) {
    case "user":
      return { kind: "user", name: principal.name };
    case "repo-workload":
      return { kind: "workload", name: "[OIDC]" };
    case "user-workload":
    case "anonymous":
      throw new Error(`unreachable: ${principal.kind} never writes`);
  }
}

/** Is it this very person's? Jobs own nothing: what one wrote, the repo's writers look after. */
export function isOwnOf(principal: Principal, author: Participant): boolean {
  return (
    principal.kind === "user" && author.kind === "user" && principal.name.toLowerCase() === author.name.toLowerCase()
  );
}
