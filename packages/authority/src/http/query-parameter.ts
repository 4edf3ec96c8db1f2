import { ApiError } from "@postern/core/error/api-error";

/** One query parameter; `undefined` when absent. @throws {ApiError} `invalid_field` when it was sent more than once. */
export function textParameter(query: unknown, name: string): string | undefined {
  if (typeof query !== "object" || query === null || !Object.hasOwn(query, name)) return undefined;
  const value: unknown = Object.entries(query).find(([key]) => key === name)?.[1];
  if (typeof value === "string") return value;
  throw new ApiError("invalid_field", `The parameter ${name} was sent more than once.`, { remedy: "Send it once." });
}

/** A whole number of at least 0. @throws {ApiError} `invalid_field`. */
export function countParameter(query: unknown, name: string): number | undefined {
  const text = textParameter(query, name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ApiError("invalid_field", `The parameter ${name} is no whole number.`, { remedy: "Use digits only." });
}
