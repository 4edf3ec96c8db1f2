import type { ClaimSet } from "../claims/claim-set.ts";
import type { KnownExchangeCode } from "../error/exchange-codes.ts";
import type { ClaimValue } from "../publisher/publisher.ts";
import type { JobSourceClaims } from "./job-source.ts";
import type { ProviderId } from "./provider-id.ts";

/** Signature algorithms that a preset may allow (RFC 7518 §3.1); `none` and HMAC are never among them. */
export type SigningAlgorithm = "RS256" | "ES256" | "ES384";

/** What we know about one claim of a provider. */
export interface ClaimDefinition {
  readonly type: "string" | "number" | "boolean";
  /** For names that the provider itself treats without regard to case. Default: exact. */
  readonly compare?: "ci-ascii";
  /** True for names that people choose and that may hold non-ASCII letters, such as branches. Default: ASCII only. */
  readonly text?: true;
  /** What a configured value must look like, and what to say when it does not. */
  readonly shape?: { readonly pattern: RegExp; readonly hint: string };
}

/** A claim that we compute; it lives beside the raw claims and wins over a raw claim of the same name, in configuration only. */
export interface DerivedClaim extends ClaimDefinition {
  readonly derive: (claims: ClaimSet) => ClaimValue | undefined;
}

/** The claims that tell one project of a provider from another, by what can change hands and what cannot. */
export interface ProjectIdentity {
  /** Never given to another project; it stays through a rename and through a transfer to another owner. */
  readonly id: string;
  /** The owner's id, equally never given out twice: another one means that the project was transferred. */
  readonly ownerId: string;
  /** Names of this very project, and of no code that it may run for others: a fork must never look like a renamed project. */
  readonly names: readonly string[];
  /** Names of the owner alone. */
  readonly ownerNames: readonly string[];
  /**
   * True where an owner (a group) can itself be moved below another owner and keeps its id: a name that changes above the last owner
   * then counts as a transfer.
   */
  readonly ownersNest?: true;
}

/** A circumstance in which a job's code may not be the repo's own, refused whatever a publisher says. */
export interface TriggerRule {
  readonly code: KnownExchangeCode;
  readonly applies: (claims: ClaimSet) => boolean;
  /** A publisher that pins this claim accepts the circumstance knowingly. `undefined`: nothing overrides the rule. */
  readonly unlessPinned: string | undefined;
}

/** How often one subject token may be exchanged. */
export type ReplayRule = { readonly kind: "single-use" } | { readonly kind: "bounded"; readonly maxUses: number };

/** Everything that differs between providers, as data. */
export interface ProviderPreset {
  readonly id: ProviderId;
  readonly title: string;
  /** Known out of the box. The first one is the default of a publisher that names no issuer. */
  readonly publicIssuers: readonly string[];
  /** What an issuer of this provider looks like; an administrator's exact exception (`allowOrigins`) passes too. Empty: any. */
  readonly issuerShapes: readonly RegExp[];
  /** Hosts that only this preset may name, so that a custom issuer cannot pose as it. */
  readonly ownHosts: readonly RegExp[];
  /** Origins besides the issuer's own that may serve its keys. */
  readonly keyOrigins: readonly string[];
  readonly algorithms: readonly SigningAlgorithm[];
  readonly claims: Readonly<Record<string, ClaimDefinition>>;
  /** Families of claims, by prefix: `repo_property_`. */
  readonly claimPrefixes: Readonly<Record<string, ClaimDefinition>>;
  readonly derived: Readonly<Record<string, DerivedClaim>>;
  /** True where any other claim may be configured, by name or JSON pointer. */
  readonly openClaims: boolean;
  /** A publisher must pin one of these: names can be freed and registered again by somebody else, ids cannot. */
  readonly tenantClaims: readonly string[];
  /** A publisher must pin every one of these besides: without it a job that is not the project's own would do. */
  readonly requiredClaims?: readonly { readonly claim: string; readonly why: string }[];
  /**
   * What proves that the caller controls the very project that a publisher names. The first list whose first claim the publisher
   * pins counts; of that list, every claim that the publisher pins must be equal.
   */
  readonly proofs: readonly (readonly string[])[];
  /** Absent where nothing is renamed or transferred under an id that stays. */
  readonly project?: ProjectIdentity;
  readonly triggerRules: readonly TriggerRule[];
  readonly replay: { readonly withJti: ReplayRule; readonly withoutJti: ReplayRule };
  /** Oldest acceptable token, in seconds from `iat`, whatever its `exp`. */
  readonly maxAgeSeconds: number;
  /**
   * Audiences that a token of this very tenant may carry beside ours. Whoever else gets the token can bring it here, so this names
   * the provider's own default only (RFC 8725 §3.9). Default: none.
   */
  readonly extraAudiences?: (claims: ClaimSet) => readonly string[];
  /**
   * For providers whose tokens can only be meant for something that is registered with the provider itself: a publisher may then name
   * that audience (still one exact text). Default: tokens must be meant for this deployment.
   */
  readonly publisherAudience?: { readonly pattern: RegExp; readonly hint: string };
  /** The claim that tells one token from another, for replay. Default: `jti` (RFC 7519 §4.1.7). */
  readonly tokenIdClaim?: string;
  /** Which claims say where a job's code came from, for the provenance of what it publishes. */
  readonly source: JobSourceClaims;
  /** For the audit log and commit trailers, never for a decision. */
  readonly runUrl: (claims: ClaimSet, issuer: string) => string | undefined;
  readonly commitUrl: (claims: ClaimSet, issuer: string) => string | undefined;
}
