import type { ClaimValue } from "@postern/core/publisher/publisher";
import { usageError } from "../failure/cli-error.ts";

/**
 * `name=text` or, for numbers and booleans, `name:=json`, as httpie writes it. The name ends at the first `=` or `:=`.
 *
 * @throws {CliError} exit code 2 when the text is neither.
 */
export function parseClaimArgument(text: string): readonly [name: string, value: ClaimValue] {
  const equals = text.indexOf("=");
  if (equals > 0) {
    const typed = text[equals - 1] === ":";
    const name = text.slice(0, typed ? equals - 1 : equals);
    const value = text.slice(equals + 1);
    if (name !== "") return [name, typed ? parseJsonScalar(text, value) : value];
  }
  throw usageError(
    `'${text}' is not a claim.`,
    "Write --claim name=text, or --claim name:=7 for a number or true/false.",
  );
}

/** Several claims; a name given twice is refused, because one of the two would silently be dropped. */
export function parseClaimArguments(texts: readonly string[]): Readonly<Record<string, ClaimValue>> {
  const claims = new Map<string, ClaimValue>();
  for (const text of texts) {
    const [name, value] = parseClaimArgument(text);
    if (claims.has(name)) throw usageError(`The claim '${name}' is given twice.`, "Keep one of them.");
    claims.set(name, value);
  }
  return Object.fromEntries(claims);
}

function parseJsonScalar(whole: string, text: string): ClaimValue {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw usageError(
    `'${whole}' has no JSON string, whole number or boolean after ':='.`,
    "Write --claim name=text for text.",
  );
}
