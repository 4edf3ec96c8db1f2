import { Refusal, type RefusalOptions, type RefusalWire } from "./refusal.ts";

/** The `error` values that we send (RFC 6749 §5.2, RFC 8628 §3.5; `temporarily_unavailable` from RFC 6749 §4.1.2.1). */
export type OAuthErrorCode =
  | "invalid_request"
  | "invalid_client"
  | "invalid_grant"
  | "invalid_dpop_proof"
  | "unsupported_grant_type"
  | "temporarily_unavailable"
  | "slow_down"
  | "server_error";

/** Stable code of one reason for a refusal, `TP` and four digits; each has a row in `error/exchange-codes.ts`. */
export type ExchangeCode = `TP${number}`;

export interface OAuthErrorOptions extends RefusalOptions {
  /** Default 400; 503 for `temporarily_unavailable`, 429 for `slow_down`. */
  readonly status?: number;
  readonly exchangeCode?: ExchangeCode;
  /** One line per check, safe for the caller at its tier of proof. */
  readonly explanation?: readonly string[];
  /** Whole seconds, for `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Further response headers, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A refusal at an OAuth endpoint (RFC 6749 §5.2).
 *
 * The reason rides in three carriers at once, because the stock `hf` prints all of them: `error_description`, `errors[]` and
 * `X-Error-Message` (the last is set at the HTTP edge from `message`).
 */
export class OAuthError extends Refusal {
  readonly code: OAuthErrorCode;
  readonly status: number;
  readonly exchangeCode: ExchangeCode | undefined;
  readonly explanation: readonly string[];
  readonly retryAfterSeconds: number | undefined;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(code: OAuthErrorCode, publicMessage: string, options: OAuthErrorOptions = {}) {
    super(
      toDescription(options.exchangeCode === undefined ? publicMessage : `[${options.exchangeCode}] ${publicMessage}`),
      options,
    );
    this.code = code;
    this.status = options.status ?? (code === "temporarily_unavailable" ? 503 : code === "slow_down" ? 429 : 400);
    this.exchangeCode = options.exchangeCode;
    this.explanation = (options.explanation ?? []).map(toDescription);
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.#headers = options.headers ?? {};
  }

  override wire(): RefusalWire {
    const body: Record<string, unknown> = { error: this.code, error_description: this.message };
    if (this.exchangeCode !== undefined) {
      body.code = this.exchangeCode;
      body.error_uri = `/errors/${this.exchangeCode}`;
    }
    if (this.explanation.length > 0) body.errors = this.explanation.map((message) => ({ message }));
    const headers: Record<string, string> = { "cache-control": "no-store", pragma: "no-cache", ...this.#headers };
    if (this.retryAfterSeconds !== undefined) headers["retry-after"] = String(Math.ceil(this.retryAfterSeconds));
    return { status: this.status, headers, body };
  }
}

/** RFC 6749 §5.2 allows `%x20-21 / %x23-5B / %x5D-7E` in `error_description`: no quote, no backslash, ASCII only. */
function toDescription(text: string): string {
  return text
    .replaceAll('"', "'")
    .replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "?")
    .slice(0, 600);
}
