import { OidcError, type ServerRefusal } from "../error/oidc-error.ts";
import { cleanLine } from "../http/server-words.ts";
import { readUnverifiedClaims } from "../mint/unverified-claims.ts";
import type { ExchangeRequest } from "./exchange-request.ts";

/** The error for an exchange that was answered with anything but success. */
export function refusedExchange(request: ExchangeRequest, words: ServerRefusal, now: number): OidcError {
  const id = words.requestId === undefined ? "" : ` (request id ${words.requestId})`;
  const said = [words.error, words.errorDescription].filter((part) => part !== undefined).join(": ");
  // An error page in JSON has an `error` too, but not one of OAuth's short codes.
  if (!/^[a-z][a-z_]*$/.test(words.error ?? "") || (words.status ?? 0) >= 500) {
    return new OidcError(
      "exchange_failed",
      `${request.endpoint} could not exchange the id token: status ${words.status}${said === "" ? "" : `, ${said}`}${id}. ${
        words.status === 404 || words.status === 405
          ? "Check that HF_ENDPOINT is the address of a hub that offers trusted publishing."
          : "Run the job again; if it stays so, give the operator the request id."
      }`,
      words,
    );
  }
  return new OidcError(
    "exchange_refused",
    `${request.endpoint} refused the exchange for ${request.resource}: ${said}${id}. ${advice(request, words, now)}`,
    words,
  );
}

/** The Hub answers every mismatch with one code, so what the token itself shows is said here: its audience and its time. */
function advice(request: ExchangeRequest, words: ServerRefusal, now: number): string {
  const claims = readUnverifiedClaims(request.subjectToken);
  if (claims === undefined) return "The id token is no JWT: pass the token that the CI provider issued, whole.";
  if (!claims.audiences.includes(request.endpoint)) {
    const audiences = cleanLine(claims.audiences.join(", ")) ?? "none";
    return `The id token's audience is ${audiences}, not ${request.endpoint}: have it issued for exactly that audience.`;
  }
  const lateBy = claims.expiresAt === undefined ? 0 : Math.floor(now / 1000) - claims.expiresAt;
  if (lateBy > 0)
    return `The id token expired ${lateBy} seconds ago: log in earlier in the job, right after it is issued.`;
  if (words.error === "invalid_request")
    return "Check how the resource is written: acme/model, datasets/acme/data or a user name.";
  return "Check that its settings list this CI workflow as a trusted publisher, claim by claim.";
}
