/** Stable reasons why a keyless login failed; for programs and tests. */
export type OidcErrorCode =
  /** Neither a CI provider nor a ready id token was found. */
  | "no_provider"
  /** A provider was named that this version cannot mint for. */
  | "unsupported_provider"
  /** The GitHub job lacks `permissions: id-token: write`. */
  | "mint_permission_missing"
  /** The GitHub job belongs to a pull request from a fork, which GitHub never gives an id token. */
  | "mint_fork_pull_request"
  /** The GitLab or Bitbucket job has no id token variable for this audience. */
  | "mint_variable_missing"
  /** The GitLab job has several different id tokens for this audience. */
  | "mint_variable_ambiguous"
  /** The provider's own command, which mints its id tokens, is not on the job's `PATH`. */
  | "mint_command_missing"
  /** The optional package that signs requests to AWS is not installed. */
  | "signer_missing"
  /** The provider answered the request for an id token with a refusal or with nonsense. */
  | "mint_failed"
  /** The endpoint is no `http` or `https` origin. */
  | "invalid_endpoint"
  /** The resource is blank. */
  | "invalid_resource"
  /** An option or its variable has a value that is not offered. */
  | "invalid_option"
  /** The endpoint refused the exchange; `error` holds its OAuth code. */
  | "exchange_refused"
  /** The endpoint failed, or is no endpoint that exchanges tokens. */
  | "exchange_failed"
  /** The endpoint did not revoke the token. */
  | "revocation_failed"
  /** 429, also after waiting. */
  | "rate_limited"
  /** 503, also after waiting. */
  | "unavailable"
  /** No answer: name not found, connection refused or broken, certificate not trusted. */
  | "network_failed"
  /** The deadline of the call passed. */
  | "timed_out"
  /** A redirect was answered; following it would hand a credential to somebody else. */
  | "redirect_refused"
  /** The answer is larger than any honest one. */
  | "response_too_large"
  /** The answer is no JSON object of the expected shape. */
  | "response_malformed"
  /** `HF_HUB_OFFLINE` forbids every request. */
  | "offline";

/** What a server said about its refusal, cleaned of secrets and control characters. */
export interface ServerRefusal {
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  /** A Postern hub's own code for the reason, for example `TP1802`. */
  readonly exchangeCode?: string | undefined;
  /** OAuth `error`, for example `invalid_grant` (RFC 6749 §5.2). */
  readonly error?: string | undefined;
  readonly errorDescription?: string | undefined;
  /** One line per check, from `errors[].message`. */
  readonly errors?: readonly string[] | undefined;
}

/** A keyless login that failed; the message is one sentence and what to do, and holds no token. */
export class OidcError extends Error {
  override readonly name = "OidcError";
  readonly code: OidcErrorCode;
  /** HTTP status of the answer, when there was one. */
  readonly status: number | undefined;
  /** The server's request id: quote it when you ask its operator. */
  readonly requestId: string | undefined;
  /** A Postern hub's own code for the reason, for example `TP1802`. */
  readonly exchangeCode: string | undefined;
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;
  /** One line per check, when the server explains; not repeated in the message. */
  readonly errors: readonly string[];

  constructor(code: OidcErrorCode, message: string, refusal: ServerRefusal = {}) {
    super(message);
    this.code = code;
    this.status = refusal.status;
    this.requestId = refusal.requestId;
    this.exchangeCode = refusal.exchangeCode;
    this.error = refusal.error;
    this.errorDescription = refusal.errorDescription;
    this.errors = refusal.errors ?? [];
  }
}

const TRANSIENT: ReadonlySet<OidcErrorCode> = new Set(["rate_limited", "unavailable", "network_failed", "timed_out"]);

/** Whether the same call may succeed a little later without anybody changing anything. */
export function isTransient(error: unknown): error is OidcError {
  return error instanceof OidcError && (TRANSIENT.has(error.code) || (error.status ?? 0) >= 500);
}
