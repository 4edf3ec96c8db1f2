/** A value as JSON can carry it. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object; read its members with `readClaim`, which looks at own members only. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** The payload of a token (RFC 7519 §4). Says nothing about whether anybody verified it. */
export type ClaimSet = JsonObject;
