import type { WorkloadOrigin } from "@postern/core/access/principal";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { PublisherTarget } from "@postern/core/publisher/publisher";
import type { AccountName } from "@postern/core/resource/account-name";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** A grant as it is looked up when its token is shown. */
export interface StoredGrant {
  readonly tokenId: string;
  readonly digest: Uint8Array;
  readonly target: PublisherTarget;
  readonly access: "read" | "write";
  readonly expiresAt: EpochSeconds;
  readonly revokedAt: EpochSeconds | undefined;
  /** Thumbprint of the key that each request must prove (RFC 9449 §6); `undefined` for a bearer token. */
  readonly boundTo: string | undefined;
  /** Where each request must come from (`AddressPin`); `undefined`: from anywhere. */
  readonly pinnedAddress: string | undefined;
  readonly origin: WorkloadOrigin;
}

/** A personal access token; its text is known to its owner only. */
export interface PersonalToken {
  readonly id: string;
  readonly user: AccountName;
  readonly name: string;
  readonly role: "read" | "write";
  readonly createdAt: EpochSeconds;
  readonly lastUsedAt: EpochSeconds | undefined;
  readonly expiresAt: EpochSeconds | undefined;
  readonly revokedAt: EpochSeconds | undefined;
}

export interface NewPersonalToken {
  readonly id: string;
  readonly user: AccountName;
  readonly name: string;
  readonly role: "read" | "write";
  /** SHA-256 of the text. */
  readonly digest: Uint8Array;
  readonly createdAt: EpochSeconds;
}

/**
 * Port: what is known about tokens that exist. Answers always come from the store, never from a cache: a revoked token is refused by the
 * next request that shows it. Every change commits together with its audit entry.
 */
export interface TokenStore {
  /** `undefined` also when the publisher that earned the grant was removed, or its tokens revoked: the grant goes with it. */
  findGrant(tokenId: string): Promise<StoredGrant | undefined>;
  findPersonal(id: string): Promise<PersonalToken | undefined>;
  findPersonalByDigest(digest: Uint8Array): Promise<PersonalToken | undefined>;
  /** Every token that the user ever had, revoked ones too, oldest first. */
  listPersonal(user: AccountName): Promise<readonly PersonalToken[]>;
  addPersonal(token: NewPersonalToken, audit: AuditEvent): Promise<"added" | "no-such-user" | "exists">;
  /** Remembers when a token was last used. Not worth an audit entry. */
  touchPersonal(id: string, at: EpochSeconds): Promise<void>;
  /** False, and nothing is written, when there is no such grant that is not revoked. */
  revokeGrant(tokenId: string, at: EpochSeconds, audit: AuditEvent): Promise<boolean>;
  revokePersonal(id: string, at: EpochSeconds, audit: AuditEvent): Promise<boolean>;
}

/** Whether a token may still be used at `now`. */
export function isLive(
  token: { readonly expiresAt: EpochSeconds | undefined; readonly revokedAt: EpochSeconds | undefined },
  now: EpochSeconds,
): boolean {
  return token.revokedAt === undefined && (token.expiresAt === undefined || token.expiresAt > now);
}
