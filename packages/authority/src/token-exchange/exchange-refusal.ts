import { EXCHANGE_CODES, type KnownExchangeCode } from "@postern/core/error/exchange-codes";
import { OAuthError } from "@postern/core/error/oauth-error";

export interface ExchangeRefusalOptions {
  /** What is particular to this request; safe for the caller at its tier of proof. */
  readonly sentence?: string;
  /** One line per check. */
  readonly explanation?: readonly string[];
  /** For the log and the audit entry only. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** Makes the refusal that belongs to a stable code: its wire error, its sentence and its remedy come from the table. */
export function exchangeRefusal(code: KnownExchangeCode, options: ExchangeRefusalOptions = {}): OAuthError {
  const { error, meaning, remedy } = EXCHANGE_CODES[code];
  const { sentence, ...rest } = options;
  const message = sentence === undefined ? `${meaning} ${remedy}` : `${meaning} ${sentence} ${remedy}`;
  return new OAuthError(error, message, { ...rest, exchangeCode: code });
}

/** What cannot be recorded does not happen, and the caller is told to try again. */
export function auditUnavailable(cause: unknown): OAuthError {
  return exchangeRefusal("TP1905", { retryAfterSeconds: 5, cause });
}
