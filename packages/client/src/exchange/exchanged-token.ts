import { MAX_TOKEN_LENGTH } from "@postern/core/token/token-format";
import type { FetchFunction } from "../runtime/runtime.ts";

/** A short-lived hub token and what the server said about it (RFC 8693 §2.2.1). */
export interface ExchangedToken {
  readonly accessToken: string;
  readonly tokenType: string;
  /** Seconds of life from the moment of the answer; 3600 when the server did not say. */
  readonly expiresInSeconds: number;
  readonly issuedTokenType: string | undefined;
  readonly scope: string | undefined;
  readonly requestId: string | undefined;
  /** Sends the token with a proof of its key; there when `dpop` was asked for and the server bound the token (RFC 9449). */
  readonly fetch?: FetchFunction;
  /** There with `fetch`: makes any `fetch` prove the key on requests that carry the token as `Authorization: Bearer`. */
  readonly prove?: (fetch: FetchFunction) => FetchFunction;
}

/** Documented life of an exchanged token, in seconds. */
const DEFAULT_LIFE_SECONDS = 3600;

/** @returns `undefined` for a body without a token that fits a header, or with a life that is already over. */
export function readExchangedToken(
  body: Readonly<Record<string, unknown>> | undefined,
  requestId: string | undefined,
): ExchangedToken | undefined {
  const accessToken = body?.access_token;
  if (typeof accessToken !== "string" || accessToken.length > MAX_TOKEN_LENGTH) return undefined;
  // Anything else could not be sent as a header, or would break out of the line it is printed on.
  if (!/^[\x21-\x7e]+$/.test(accessToken)) return undefined;
  const expiresInSeconds = readLife(body?.expires_in);
  if (expiresInSeconds <= 0) return undefined;
  return {
    accessToken,
    tokenType: textOf(body?.token_type) ?? "bearer",
    expiresInSeconds,
    issuedTokenType: textOf(body?.issued_token_type),
    scope: textOf(body?.scope),
    requestId,
  };
}

/** Servers send a number or a numeral in a string; what is neither counts as missing. */
function readLife(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string" && /^\s*-?\d+\s*$/.test(value)) return Number(value);
  return DEFAULT_LIFE_SECONDS;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
