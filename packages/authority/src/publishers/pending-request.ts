import type { Visibility } from "@postern/core/access/repo-access";
import { invalid } from "@postern/core/publisher/publisher-draft";

/** How long a name may be held, in seconds: an hour to 90 days, 30 days unless said otherwise. */
const MIN_HOLD_SECONDS = 3600;
const MAX_HOLD_SECONDS = 90 * 86_400;
const DEFAULT_HOLD_SECONDS = 30 * 86_400;

export interface PendingRequest {
  readonly holdSeconds: number;
  /** What the repo will be. */
  readonly visibility: Visibility;
}

/**
 * Takes `pending`, `expires_in_seconds` and `visibility` out of a publisher's body.
 *
 * @returns `pending: undefined` for an ordinary publisher.
 * @throws {ApiError} `invalid_field`.
 */
export function splitPending(body: unknown): { readonly pending: PendingRequest | undefined; readonly rest: unknown } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return { pending: undefined, rest: body };
  const { pending, expires_in_seconds: seconds, visibility, ...rest }: Readonly<Record<string, unknown>> = { ...body };
  if (pending !== undefined && typeof pending !== "boolean")
    throw invalid("pending", "The field pending is no boolean.", "Use true to reserve a name, or leave it out.");
  if (pending !== true) {
    for (const [name, value] of Object.entries({ expires_in_seconds: seconds, visibility })) {
      if (value !== undefined)
        throw invalid(name, `The field ${name} belongs to a pending publisher.`, "Add pending: true.");
    }
    return { pending: undefined, rest };
  }
  return { pending: { holdSeconds: parseHold(seconds), visibility: parseVisibility(visibility) }, rest };
}

function parseHold(value: unknown): number {
  if (value === undefined) return DEFAULT_HOLD_SECONDS;
  if (typeof value === "number" && Number.isInteger(value) && value >= MIN_HOLD_SECONDS && value <= MAX_HOLD_SECONDS)
    return value;
  const remedy = `Use ${MIN_HOLD_SECONDS} to ${MAX_HOLD_SECONDS} seconds.`;
  throw invalid("expires_in_seconds", "The time for which the name is held is out of range.", remedy);
}

function parseVisibility(value: unknown): Visibility {
  if (value === undefined || value === "public") return "public";
  if (value === "private") return value;
  throw invalid("visibility", "The visibility is neither public nor private.", "Use public or private.");
}
