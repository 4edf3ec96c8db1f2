import type { OAuthErrorCode } from "./oauth-error.ts";

/** The codes that we send. */
export type KnownExchangeCode =
  | "TP1001"
  | "TP1002"
  | "TP1003"
  | "TP1004"
  | "TP1005"
  | "TP1006"
  | "TP1007"
  | "TP1008"
  | "TP1009"
  | "TP1010"
  | "TP1011"
  | "TP1101"
  | "TP1102"
  | "TP1103"
  | "TP1104"
  | "TP1105"
  | "TP1106"
  | "TP1107"
  | "TP1201"
  | "TP1202"
  | "TP1301"
  | "TP1302"
  | "TP1303"
  | "TP1304"
  | "TP1401"
  | "TP1402"
  | "TP1403"
  | "TP1404"
  | "TP1405"
  | "TP1501"
  | "TP1502"
  | "TP1503"
  | "TP1601"
  | "TP1602"
  | "TP1603"
  | "TP1604"
  | "TP1701"
  | "TP1801"
  | "TP1802"
  | "TP1803"
  | "TP1804"
  | "TP1805"
  | "TP1806"
  | "TP1807"
  | "TP1808"
  | "TP1809"
  | "TP1810"
  | "TP1901"
  | "TP1902"
  | "TP1903"
  | "TP1904"
  | "TP1905"
  | "TP1906"
  | "TP1907"
  | "TP1911"
  | "TP1912"
  | "TP1921"
  | "TP1922";

/** What one stable code means; the source of the pages at `/errors/TPdddd`. */
export interface ExchangeCodeRow {
  readonly error: OAuthErrorCode;
  /** One sentence, safe for anyone. */
  readonly meaning: string;
  /** One sentence: what to do next. */
  readonly remedy: string;
}

/** Every reason for which an exchange is refused. Codes are never reused; a retired one keeps its row. */
export const EXCHANGE_CODES: Readonly<Record<KnownExchangeCode, ExchangeCodeRow>> = {
  // TP10xx: the request
  TP1001: row(
    "invalid_request",
    "The body is not a form and not a JSON object.",
    "Send application/x-www-form-urlencoded or application/json.",
  ),
  TP1002: row(
    "invalid_request",
    "A required parameter is missing.",
    "Send grant_type, subject_token_type, subject_token and resource.",
  ),
  TP1003: row("invalid_request", "A parameter was sent more than once.", "Send each parameter once."),
  TP1004: row("invalid_request", "A parameter is not a string.", "Send every parameter as one string."),
  TP1005: row(
    "invalid_request",
    "This subject_token_type is not accepted.",
    "Use urn:ietf:params:oauth:token-type:id_token.",
  ),
  TP1006: row(
    "invalid_request",
    "This exchange takes no Authorization header.",
    "Send the request without credentials; the subject token is the proof.",
  ),
  TP1007: row(
    "invalid_request",
    "The request carries a parameter that this exchange does not take.",
    "Send only grant_type, subject_token_type, subject_token and resource.",
  ),
  TP1008: row(
    "invalid_request",
    "The resource is malformed.",
    "Use namespace/name, datasets/namespace/name, spaces/namespace/name, kernels/namespace/name or a user name.",
  ),
  TP1009: row(
    "unsupported_grant_type",
    "This grant_type is not served here.",
    "Use urn:ietf:params:oauth:grant-type:token-exchange.",
  ),
  TP1010: row(
    "invalid_request",
    "Parameters belong in the body, never in the address.",
    "Move them into the body and treat the token that stood in the address as exposed.",
  ),
  TP1011: row(
    "invalid_dpop_proof",
    "The DPoP proof is not acceptable.",
    "Send one ES256 proof for POST to this address, made for this request; or none, for a bearer token.",
  ),
  // TP11xx: the token's syntax
  TP1101: row("invalid_grant", "The subject token is too large.", "Send an OIDC id token of at most 16 KiB."),
  TP1102: row(
    "invalid_grant",
    "The subject token is not a signed token in compact form.",
    "Send the id token as it came: three parts, joined by dots.",
  ),
  TP1103: row(
    "invalid_grant",
    "The subject token does not hold plain JSON.",
    "Send the id token unchanged; repeated members and deep nesting are refused.",
  ),
  TP1104: row(
    "invalid_grant",
    "The subject token's header carries a parameter that is not accepted.",
    "Use an issuer that sends only alg, kid, typ, x5t and x5t#S256.",
  ),
  TP1105: row(
    "invalid_grant",
    "The subject token's algorithm is not accepted from this issuer.",
    "Use an id token that the provider itself signed.",
  ),
  TP1106: row("invalid_grant", "The subject token is of another type.", "Send an OIDC id token (typ JWT)."),
  TP1107: row(
    "invalid_grant",
    "A registered claim of the subject token is missing or has the wrong type.",
    "Send an OIDC id token with iss, sub, aud, iat and exp.",
  ),
  // TP12xx: the issuer
  TP1201: row(
    "invalid_grant",
    "The subject token's issuer is not enabled here.",
    "Ask an administrator to add the issuer exactly as the token spells it.",
  ),
  TP1202: row(
    "invalid_grant",
    "The subject token's issuer is switched off here.",
    "Ask an administrator; an issuer is switched off when its tokens cannot be trusted for now.",
  ),
  // TP13xx: keys and signature
  TP1301: row(
    "invalid_grant",
    "The issuer publishes no usable key that fits the subject token's header.",
    "Request a new token; if the issuer has just changed its keys, try again in a minute.",
  ),
  TP1302: row("invalid_grant", "The subject token's signature is wrong.", "Send the id token unchanged."),
  TP1303: row(
    "temporarily_unavailable",
    "The issuer's keys cannot be fetched right now.",
    "Try again later; nothing was spent.",
  ),
  TP1304: row(
    "invalid_grant",
    "The issuer signs with a new key, which waits for an administrator of this server to confirm it.",
    "Ask an administrator to compare it with whoever runs the issuer, then: `postern issuer confirm-keys`.",
  ),
  // TP14xx: time
  TP1401: row("invalid_grant", "The subject token has expired.", "Request a new one right before the exchange."),
  TP1402: row(
    "invalid_grant",
    "The subject token is not valid yet.",
    "Check the clocks of the issuer and of this server.",
  ),
  TP1403: row(
    "invalid_grant",
    "The subject token was issued in the future.",
    "Check the clocks of the issuer and of this server.",
  ),
  TP1404: row("invalid_grant", "The subject token is too old.", "Request a new one right before the exchange."),
  TP1405: row(
    "invalid_grant",
    "The subject token lacks a usable exp, iat or nbf.",
    "Use an issuer that dates its tokens in seconds.",
  ),
  // TP15xx: audience
  TP1501: row(
    "invalid_grant",
    "The subject token is meant for another service.",
    "Request the token for this server's address, without a trailing slash.",
  ),
  TP1502: row("invalid_grant", "The subject token names no audience.", "Request the token for this server's address."),
  TP1503: row(
    "invalid_grant",
    "The subject token names several audiences.",
    "Request the token for this server's address alone.",
  ),
  // TP16xx: replay
  TP1601: row("invalid_grant", "The subject token was already used.", "Request a new token for each exchange."),
  TP1602: row(
    "invalid_grant",
    "The subject token was used too often, or for another resource or publisher.",
    "Request a token of its own for each resource.",
  ),
  TP1603: row(
    "invalid_grant",
    "The subject token was refused too often.",
    "Find the reason with postern doctor, then request a new token.",
  ),
  TP1604: row(
    "invalid_grant",
    "The server's clock was set back, and it cannot tell any more whether the subject token was used.",
    "Request a new token; if that is refused too, tell the server's operator.",
  ),
  // TP17xx: no match
  TP1701: row(
    "invalid_grant",
    "No publisher of this resource accepts this token.",
    "Check the name of the resource, and that it has a publisher for this project.",
  ),
  // TP18xx: a publisher is about this very project, and a claim differs
  TP1801: row(
    "invalid_grant",
    "Several claims differ from the publisher.",
    "Correct the job, or change the publisher in the settings.",
  ),
  TP1802: row(
    "invalid_grant",
    "The workflow differs from the publisher.",
    "Run the configured workflow, or put this file name into the publisher.",
  ),
  TP1803: row(
    "invalid_grant",
    "The branch or tag differs from the publisher.",
    "Run the job for the configured ref, or put this one into the publisher.",
  ),
  TP1804: row(
    "invalid_grant",
    "The environment differs from the publisher.",
    "Give the job the configured environment, or change the publisher.",
  ),
  TP1805: row(
    "invalid_grant",
    "The project's name differs from the publisher although its id is the same.",
    "If the project was renamed, an administrator of the resource confirms the new name: postern publisher confirm.",
  ),
  TP1806: row(
    "invalid_grant",
    "The project's owner differs from the publisher.",
    "Put the right owner into the publisher, or let the token carry the owner's id.",
  ),
  TP1807: row(
    "invalid_grant",
    "The event that started the job differs from the publisher.",
    "Start the job by the configured event, or change the publisher.",
  ),
  TP1808: row(
    "invalid_grant",
    "The reusable workflow differs from the publisher.",
    "Call the configured workflow at the configured ref, or change the publisher.",
  ),
  TP1809: row(
    "invalid_grant",
    "The runner differs from the publisher.",
    "Use the configured kind of runner, or change the publisher.",
  ),
  TP1810: row(
    "invalid_grant",
    "A claim differs from the publisher.",
    "Correct the job, or change the publisher in the settings.",
  ),
  // TP19xx: policy
  TP1901: row(
    "invalid_grant",
    "Jobs started by pull_request_target are refused.",
    "Publish from a push, a tag, a release or a manual run.",
  ),
  TP1902: row(
    "invalid_grant",
    "Jobs started by this event are refused by default.",
    "Publish from a push or a tag, or pin the event in the publisher (event_name, pipeline_source).",
  ),
  TP1903: row(
    "invalid_grant",
    "Jobs in the context of a fork or pull request are refused.",
    "Publish from the project's own branch or tag; a publisher may pin event_name to accept GitHub pull requests.",
  ),
  TP1904: row(
    "invalid_grant",
    "The publisher was removed, switched off or changed a moment ago.",
    "Try again; if the answer stays, ask an administrator of the resource.",
  ),
  TP1905: row(
    "temporarily_unavailable",
    "The exchange cannot be written down right now, so it does not happen.",
    "Try again later; nothing was spent.",
  ),
  TP1906: row(
    "slow_down",
    "Too many requests.",
    "Wait for as long as Retry-After says, then try again; nothing was spent.",
  ),
  TP1907: row(
    "temporarily_unavailable",
    "An administrator has switched the exchange off.",
    "Ask the administrators of this server; nothing was spent.",
  ),
  TP1911: row("invalid_grant", "Jobs that somebody can enter by SSH are refused.", "Run the job again without SSH."),
  TP1912: row(
    "invalid_grant",
    "The publisher is frozen, because its project was transferred to another owner.",
    "An administrator of the resource looks at the change and confirms it, or removes the publisher: postern publisher confirm.",
  ),
  TP1921: row(
    "invalid_grant",
    "The publisher accepts other source addresses only.",
    "Run the job where the publisher expects it, or change its source addresses.",
  ),
  TP1922: row(
    "temporarily_unavailable",
    "The hub is in read-only mode, so a pending repo cannot be made.",
    "Try again later; nothing was spent, and the name stays held.",
  ),
};

function row(error: OAuthErrorCode, meaning: string, remedy: string): ExchangeCodeRow {
  return { error, meaning, remedy };
}

/** The row of a code; `undefined` for one that we never send. */
export function exchangeCodeRow(code: string): ExchangeCodeRow | undefined {
  return Object.entries(EXCHANGE_CODES).find(([known]) => known === code)?.[1];
}
