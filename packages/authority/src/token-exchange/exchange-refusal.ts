import type { ClaimSet } from "@postern/core/claims/claim-set";
import { EXCHANGE_CODES, type KnownExchangeCode } from "@postern/core/error/exchange-codes";
import { OAuthError, type OAuthErrorOptions } from "@postern/core/error/oauth-error";
import type { Issuer } from "@postern/core/issuer/issuer";
import type { ClaimCheck } from "@postern/core/match/claim-check";
import type { ProviderPreset } from "@postern/core/provider/provider-preset";
import type { IdentityChange, Publisher } from "@postern/core/publisher/publisher";

/**
 * A refused token whose signature holds (tier 1 and above, trusted-publishing §2.3), for the dry run and for the resource's owner.
 * Below that tier nothing is kept, so that a stranger cannot fill an owner's list.
 */
export interface RefusalEvidence {
  readonly issuer: Issuer;
  readonly preset: ProviderPreset;
  readonly claims: ClaimSet;
  /** Filled only when the caller proved the immutable id of a publisher: that publisher's claims, one by one. */
  readonly checks: readonly ClaimCheck[];
  /** The publisher whose id the caller proved. */
  readonly publisherId: string | undefined;
  /** Publishers whose project was renamed or transferred, as this token shows; each waits for confirmation from now on. */
  readonly changes?: readonly NoticedChange[];
}

/** What a refused token tells about the project of a publisher. */
export interface NoticedChange {
  /** As it was when the token was held against it. */
  readonly publisher: Publisher;
  readonly change: IdentityChange;
}

export interface ExchangeRefusalOptions {
  /** What is particular to this request; safe for the caller at its tier of proof. */
  readonly sentence?: string;
  /** One line per check. */
  readonly explanation?: readonly string[];
  /** For the log and the audit entry only. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly evidence?: RefusalEvidence;
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A refusal of the exchange that still knows what was proved; only its `wire()` leaves the building. */
export class ExchangeRefusal extends OAuthError {
  readonly evidence: RefusalEvidence | undefined;

  constructor(code: KnownExchangeCode, message: string, options: OAuthErrorOptions, evidence?: RefusalEvidence) {
    super(EXCHANGE_CODES[code].error, message, { ...options, exchangeCode: code });
    this.evidence = evidence;
  }
}

/** Makes the refusal that belongs to a stable code: its wire error, its sentence and its remedy come from the table. */
export function exchangeRefusal(code: KnownExchangeCode, options: ExchangeRefusalOptions = {}): ExchangeRefusal {
  const { meaning, remedy } = EXCHANGE_CODES[code];
  const { sentence, evidence, ...rest } = options;
  const message = sentence === undefined ? `${meaning} ${remedy}` : `${meaning} ${sentence} ${remedy}`;
  return withoutStack(() => new ExchangeRefusal(code, message, rest, evidence));
}

/** Nobody reads where a refusal was made, and writing that down is a tenth of what refusing a flood costs. */
function withoutStack<T>(make: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** What cannot be recorded does not happen, and the caller is told to try again. */
export function auditUnavailable(cause: unknown): OAuthError {
  return exchangeRefusal("TP1905", { retryAfterSeconds: 5, cause });
}
