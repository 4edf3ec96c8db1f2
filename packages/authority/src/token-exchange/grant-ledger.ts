import type { WorkloadOrigin } from "@postern/core/access/principal";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { Publisher, PublisherTarget } from "@postern/core/publisher/publisher";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** How often one subject token may be exchanged (trusted-publishing §3, 14). */
export type ReplayMode =
  | { readonly kind: "single-use" }
  /** For providers that hand a job one token: the same publisher and resource, at most `maxUses` times. */
  | { readonly kind: "bounded"; readonly maxUses: number };

/** The subject token as the replay store knows it. */
export interface SubjectTokenUse {
  /** The token's real `iss`. */
  readonly issuer: string;
  /** `jti`, or the SHA-256 of the signing input (hex) where the issuer sends none. */
  readonly replayKey: string;
  /** `exp` + leeway + margin: the row outlives every moment at which the token could verify. */
  readonly retainUntil: EpochSeconds;
  readonly mode: ReplayMode;
}

/** The project's new name, which its publisher takes with the grant. */
export interface PublisherRename {
  /** The publisher's claims when the token was held against them; a publisher with others by now is left alone. */
  readonly before: Publisher["claims"];
  readonly after: Publisher["claims"];
  /** Those of `before` that change. */
  readonly from: Publisher["claims"];
  readonly audit: AuditEvent;
}

export interface NewGrant {
  /** `jti` of the minted token. */
  readonly tokenId: string;
  readonly kind: "repo" | "user";
  /** SHA-256 of the whole token text, 32 bytes. The token itself is never stored. */
  readonly tokenDigest: Uint8Array;
  readonly publisherId: string;
  readonly target: PublisherTarget;
  readonly access: "read" | "write";
  readonly issuedAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  /** Thumbprint of the key that each request must prove (RFC 9449 §6). */
  readonly boundTo?: string | undefined;
  /** Where each request must come from (`AddressPin`). */
  readonly pinnedAddress?: string | undefined;
  readonly origin: WorkloadOrigin;
  readonly rename?: PublisherRename | undefined;
}

export type IssueOutcome =
  | { readonly kind: "issued"; readonly use: number }
  | { readonly kind: "replayed"; readonly firstUsedAt: EpochSeconds }
  /** Spent tokens of this issuer that live as long were swept as expired: the clock was set back, and nobody knows any more. */
  | { readonly kind: "maybe-replayed" }
  /** The publisher was removed, switched off or frozen between the match and the write. */
  | { readonly kind: "publisher-gone" }
  /** The publisher was renamed or changed by somebody else in between, so this rename is not accepted as it stands; nothing was spent. */
  | { readonly kind: "publisher-changed" }
  /** Another publisher, which earns nothing now, has these very claims; nothing was spent. */
  | { readonly kind: "name-taken" };

/**
 * Port: spends a subject token and stores the grant and its audit entry, all or nothing.
 *
 * Resolves only when the write would survive a power cut. Invariant: no token exists without its audit entry.
 */
export interface GrantLedger {
  issue(use: SubjectTokenUse, grant: NewGrant, audit: AuditEvent): Promise<IssueOutcome>;
}
