import { Refusal, type RefusalOptions, type RefusalWire } from "./refusal.ts";

/** Codes of the management API under `/api/postern/v1`. */
export type ApiErrorCode =
  | "invalid_field"
  | "invalid_body"
  | "not_found"
  | "already_exists"
  | "forbidden"
  | "unauthenticated"
  | "conflict"
  | "audit_unavailable";

const STATUS: Readonly<Record<ApiErrorCode, number>> = {
  invalid_field: 422,
  invalid_body: 400,
  not_found: 404,
  already_exists: 409,
  forbidden: 403,
  unauthenticated: 401,
  conflict: 409,
  audit_unavailable: 503,
};

export interface ApiErrorOptions extends RefusalOptions {
  /** The field at fault, as a JSON pointer into the request body: `/claims/repository_id`. */
  readonly field?: string;
  /** One sentence: what to do next. */
  readonly remedy?: string;
}

/** A refusal of the management API: `{"error","code","field","remedy"}`. */
export class ApiError extends Refusal {
  readonly code: ApiErrorCode;
  readonly field: string | undefined;
  readonly remedy: string | undefined;

  constructor(code: ApiErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.field = options.field;
    this.remedy = options.remedy;
  }

  override wire(): RefusalWire {
    const body: Record<string, unknown> = { error: this.message, code: this.code };
    if (this.field !== undefined) body.field = this.field;
    if (this.remedy !== undefined) body.remedy = this.remedy;
    const headers: Record<string, string> = {};
    if (this.code === "unauthenticated") headers["www-authenticate"] = 'Bearer realm="postern"';
    return { status: STATUS[this.code], headers, body };
  }
}
