import { parseStrictJson } from "@postern/core/claims/strict-json";
import { exchangeRefusal } from "../token-exchange/exchange-refusal.ts";

const MAX_DEPTH = 8;

/**
 * Reads the parameters of a token request from a form (RFC 6749 §3.2) or from a JSON object, as the Hub's clients send it.
 *
 * A parameter that occurs twice is refused: a proxy in front of us may have judged the other one.
 *
 * @throws {OAuthError} `invalid_request` TP1001, TP1003, TP1004.
 */
export function parseTokenParameters(contentType: string | undefined, body: unknown): ReadonlyMap<string, string> {
  const mediaType = (contentType ?? "").split(";")[0]?.trim().toLowerCase();
  const text = typeof body === "string" ? body : "";
  if (mediaType === "application/json") return fromJson(text);
  if (mediaType === "application/x-www-form-urlencoded") return fromForm(text);
  throw exchangeRefusal("TP1001");
}

function fromJson(text: string): ReadonlyMap<string, string> {
  const json = parseStrictJson(text, MAX_DEPTH);
  if (json.kind === "refused") throw exchangeRefusal(json.reason === "duplicate-key" ? "TP1003" : "TP1001");
  const { value } = json;
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw exchangeRefusal("TP1001");
  const parameters = new Map<string, string>();
  for (const [name, member] of Object.entries(value)) {
    if (typeof member !== "string") throw exchangeRefusal("TP1004");
    parameters.set(name, member);
  }
  return parameters;
}

function fromForm(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (parameters.has(name)) throw exchangeRefusal("TP1003");
    parameters.set(name, value);
  }
  return parameters;
}
