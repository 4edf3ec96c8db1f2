import { Refusal, type RefusalOptions } from "./refusal.ts";

/** Values of `X-Error-Code` that the Hub's clients turn into their own exceptions (hub-wire §1.2). */
export type HubErrorCode =
  | "RepoNotFound"
  | "GatedRepo"
  | "RepoNotGated"
  | "RepoDisabled"
  | "RevisionNotFound"
  | "EntryNotFound"
  | "RepoExists"
  | "RepoMoved"
  | "InvalidCredentials"
  | "Forbidden"
  | "TrustedPublishingOnly"
  | "WrongAddress"
  | "BadRequest"
  | "Conflict"
  | "StaleParent"
  | "PayloadTooLarge"
  | "TooManyRequests"
  | "RangeNotSatisfiable"
  | "ObjectMissing"
  | "StorageFull"
  | "NotFound"
  | "NoStatement"
  | "ReadOnlyMode"
  | "NotSupported"
  | "Unavailable";

/** Codes that travel in `X-Error-Code`. The rest are ours: sent in the body only, because clients misread unknown ones. */
const CLIENT_CODES: ReadonlySet<HubErrorCode> = new Set([
  "RepoNotFound",
  "GatedRepo",
  "RevisionNotFound",
  "EntryNotFound",
]);

export interface HubErrorOptions extends RefusalOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Joined into the JSON body, for answers such as the 409 of repo creation, whose `url` clients read. */
  readonly body?: Readonly<Record<string, unknown>>;
}

/** A refusal on the Hub's wire: status, `X-Error-Code` and `{"error": …}`. */
export class HubError extends Refusal {
  readonly code: HubErrorCode;
  readonly status: number;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #body: Readonly<Record<string, unknown>>;

  constructor(status: number, code: HubErrorCode, message: string, options: HubErrorOptions = {}) {
    super(message, options);
    this.status = status;
    this.code = code;
    this.#headers = options.headers ?? {};
    this.#body = options.body ?? {};
  }

  override wire(): { status: number; headers: Record<string, string>; body: Record<string, unknown> } {
    const headers: Record<string, string> = { ...this.#headers };
    if (CLIENT_CODES.has(this.code)) headers["x-error-code"] = this.code;
    return { status: this.status, headers, body: { error: this.message, code: this.code, ...this.#body } };
  }
}
