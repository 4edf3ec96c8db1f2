import type { JobSource } from "../provider/job-source.ts";
import type { AccountName } from "../resource/account-name.ts";
import type { RepoRef } from "../resource/repo-ref.ts";
import type { EpochSeconds } from "../time/epoch-seconds.ts";

/** A member's role in an organisation; each includes the one before it. */
export const ORG_ROLES = ["read", "write", "admin"] as const;
export type OrgRole = (typeof ORG_ROLES)[number];

export interface OrgMembership {
  readonly org: AccountName;
  readonly role: OrgRole;
}

/** Nobody proved anything. */
export interface AnonymousPrincipal {
  readonly kind: "anonymous";
}

/** A person with a personal access token. */
export interface UserPrincipal {
  readonly kind: "user";
  readonly name: AccountName;
  readonly fullname: string;
  readonly email: string | undefined;
  /** May manage accounts and issuers of the whole deployment. */
  readonly isAdmin: boolean;
  readonly memberships: readonly OrgMembership[];
  readonly tokenId: string;
  readonly tokenName: string;
  /** What the token allows; never more than the person may do. */
  readonly tokenRole: "read" | "write";
}

/** Where an exchanged token came from: enough to answer "which job was this". */
export interface WorkloadOrigin {
  readonly issuer: string;
  readonly subject: string;
  readonly provider: string;
  readonly publisherId: string;
  readonly runUrl: string | undefined;
  /** Where the job's code came from; empty for a token of before it was kept. */
  readonly source: JobSource;
}

/** A job that holds an exchanged token for exactly one repo (`hf_jwt_…`). */
export interface RepoWorkloadPrincipal {
  readonly kind: "repo-workload";
  readonly tokenId: string;
  readonly repo: RepoRef;
  /** The repo's own id: a token minted for a deleted repo is worthless for a new one of the same name. */
  readonly repoId: string;
  readonly access: "read" | "write";
  readonly expiresAt: EpochSeconds;
  readonly origin: WorkloadOrigin;
}

/** A job that reads on behalf of a user (`hf_oauth_…` from an exchange): public and granted gated repos, never a write. */
export interface UserWorkloadPrincipal {
  readonly kind: "user-workload";
  readonly tokenId: string;
  readonly name: AccountName;
  readonly scopes: readonly ["gated-repos"];
  readonly expiresAt: EpochSeconds;
  readonly origin: WorkloadOrigin;
}

/** Whom a request's credentials turned out to be. Only the authority makes one that is not anonymous. */
export type Principal = AnonymousPrincipal | UserPrincipal | RepoWorkloadPrincipal | UserWorkloadPrincipal;
