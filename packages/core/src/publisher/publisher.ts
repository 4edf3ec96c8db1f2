import type { IssuerUrl } from "../issuer/issuer-url.ts";
import type { ProviderId } from "../provider/provider-id.ts";
import type { AccountName } from "../resource/account-name.ts";
import type { RepoRef } from "../resource/repo-ref.ts";
import type { EpochSeconds } from "../time/epoch-seconds.ts";

/** What a publisher belongs to. A repo is held by its own id, so a new repo of the same name inherits nothing. */
export type PublisherTarget =
  | { readonly kind: "repo"; readonly repoId: string; readonly repo: RepoRef }
  | { readonly kind: "user"; readonly name: AccountName };

/** Claim values are compared with their JSON type: `"7"` is not `7`. */
export type ClaimValue = string | number | boolean;

/** What a token said about a publisher's project that the publisher does not say. */
export interface IdentityChange {
  /** `transfer`: the project belongs to another owner, so its publisher is frozen until somebody confirms it. */
  readonly kind: "rename" | "transfer";
  /** The publisher's claims that differ, and what they are now. */
  readonly to: Readonly<Record<string, ClaimValue>>;
}

/** A registered workload identity: an issuer, exact claims, and what they earn. */
export interface Publisher {
  readonly id: string;
  readonly target: PublisherTarget;
  readonly provider: ProviderId;
  readonly issuer: IssuerUrl;
  /** Claim name, derived claim name or JSON pointer (`/a/b`) → the exact value. */
  readonly claims: Readonly<Record<string, ClaimValue>>;
  /** Always `read` for a user target. */
  readonly access: "read" | "write";
  /** 300 to 3600. */
  readonly ttlSeconds: number;
  /** Addresses or CIDR ranges that the exchange must come from; empty: any. Not asked again when the token is used. */
  readonly sourceAddresses: readonly string[];
  /** Whether its tokens work only from the address that made the exchange (`address-pin.ts`). Absent: from anywhere. */
  readonly pinAddress?: boolean | undefined;
  /** The exact `aud` of its tokens, where its provider cannot sign for this deployment's own address. Otherwise absent. */
  readonly audience?: string | undefined;
  readonly enabled: boolean;
  readonly createdAt: EpochSeconds;
  readonly createdBy: string;
  readonly lastUsedAt: EpochSeconds | undefined;
  /** Waits until whoever manages the resource confirms it. */
  readonly change?: (IdentityChange & { readonly seenAt: EpochSeconds }) | undefined;
  /** The last rename that was accepted without asking, and what the claims were before. Confirming it allows for another one. */
  readonly renamed?: { readonly from: IdentityChange["to"]; readonly at: EpochSeconds } | undefined;
}

/** A frozen publisher earns nothing, whoever asks. */
export function isFrozen({ change }: Publisher): boolean {
  return change?.kind === "transfer";
}

/** The key under which publishers, grants and replay entries of one resource are stored. */
export function targetKeyOf(target: PublisherTarget): string {
  return target.kind === "repo" ? `repo:${target.repoId}` : `user:${target.name.toLowerCase()}`;
}
