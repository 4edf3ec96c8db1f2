import type { PublisherTarget } from "@postern/core/publisher/publisher";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** A token that exists only in memory until its grant is stored. */
export interface MintedToken {
  readonly tokenId: string;
  /** The token itself. Goes into the response and nowhere else. */
  readonly text: string;
  /** SHA-256 of `text`. */
  readonly digest: Uint8Array;
}

/** Port: makes `hf_jwt_…` (ES256) for a repo target and `hf_oauth_…` (opaque) for a user target. */
export interface TokenMint {
  mint(request: {
    readonly target: PublisherTarget;
    readonly access: "read" | "write";
    readonly publisherId: string;
    /** Thumbprint of the key that the token is bound to (RFC 9449 §6.1), for whoever reads the token; an opaque one does not show it. */
    readonly boundTo?: string | undefined;
    readonly issuedAt: EpochSeconds;
    readonly expiresAt: EpochSeconds;
  }): MintedToken;
}
