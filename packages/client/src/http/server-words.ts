import { redactText } from "../debug/redact.ts";
import type { ServerRefusal } from "../error/oidc-error.ts";
import { parseObject } from "./json-object.ts";

/** Characters of one line of a server's explanation that are kept. */
const LINE_LIMIT = 600;
/** Lines of `errors[]` that are kept. */
const LINES_LIMIT = 20;

/**
 * What a server says about its refusal, fit to be shown.
 *
 * A careless or hostile server may echo the token it was sent, or hide terminal escapes and CI workflow commands in its words.
 */
export function readServerWords(status: number, headers: Headers, body: string): ServerRefusal {
  const json = parseObject(body);
  return {
    status,
    exchangeCode: /^TP\d{4}$/.exec(textOf(json?.code) ?? "")?.[0],
    requestId: cleanLine(headers.get("x-request-id") ?? textOf(json?.request_id)),
    error: cleanLine(textOf(json?.error)),
    errorDescription: cleanLine(
      textOf(json?.error_description) ?? textOf(json?.message) ?? headers.get("x-error-message") ?? undefined,
    ),
    errors: linesOf(json?.errors),
  };
}

/** One printable line without tokens; `undefined` when nothing is left. */
export function cleanLine(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const clean = redactText(text)
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ")
    .trim();
  return clean === "" ? undefined : clean.slice(0, LINE_LIMIT);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function linesOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, LINES_LIMIT)
    .map((entry: unknown) => {
      if (typeof entry === "string") return cleanLine(entry);
      if (typeof entry !== "object" || entry === null || !("message" in entry)) return undefined;
      return cleanLine(textOf(entry.message));
    })
    .filter((line) => line !== undefined);
}
