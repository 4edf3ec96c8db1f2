import { ApiError } from "@postern/core/error/api-error";
import { type AccountName, parseAccountName } from "@postern/core/resource/account-name";

/** A JSON object of the caller's with known fields only; the values are still unchecked. */
export type DraftFields<Name extends string> = { readonly [N in Name]?: unknown };

/** @throws {ApiError} `invalid_body` when it is no object, `invalid_field` for a field that is not in `known`. */
export function parseDraftFields<Name extends string>(body: unknown, known: readonly Name[]): DraftFields<Name> {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new ApiError("invalid_body", "The body must be a JSON object.");
  const names: ReadonlySet<string> = new Set(known);
  for (const name of Object.keys(body)) {
    if (!names.has(name)) throw invalidField(name, `There is no field ${name}.`, `Use ${known.join(", ")} only.`);
  }
  return body;
}

/** @throws {ApiError} `invalid_field`. */
export function requireAccountName(value: unknown, field: string): AccountName {
  const name = typeof value === "string" ? parseAccountName(value) : undefined;
  if (name !== undefined) return name;
  throw invalidField(
    field,
    `The ${field} is missing or cannot be an account's name.`,
    "Use 2 to 42 letters and digits, with single hyphens between them; names of routes are reserved.",
  );
}

/** One line of at most `max` visible characters; `undefined` when left out. @throws {ApiError} `invalid_field`. */
export function optionalLine(value: unknown, field: string, max: number): string | undefined {
  if (value === undefined) return undefined;
  // Control, format and unassigned characters could make one name look like another.
  if (typeof value === "string" && value.length > 0 && value.length <= max && !/[\p{C}\p{Zl}\p{Zp}]/u.test(value))
    return value;
  throw invalidField(field, `The ${field} is no short line of text.`, `Use 1 to ${max} visible characters.`);
}

/** @throws {ApiError} `invalid_field` when the value is none of `allowed`. */
export function requireOneOf<T extends string>(value: unknown, field: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === value);
  if (found !== undefined) return found;
  throw invalidField(field, `The ${field} is missing or unknown.`, `Use one of: ${allowed.join(", ")}.`);
}

export function invalidField(field: string, message: string, remedy: string): ApiError {
  return new ApiError("invalid_field", message, { field: `/${field}`, remedy });
}
