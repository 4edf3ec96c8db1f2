import type { JsonValue } from "@postern/core/claims/claim-set";
import { readText } from "@postern/core/claims/read-claim";
import type { Issuer } from "@postern/core/issuer/issuer";
import { PRESETS } from "@postern/core/provider/presets";
import { type IssuerKey, parseKeySet } from "../../issuers/key-set.ts";
import { fetchIssuerDocument, IssuerFetchError, type IssuerFetchOptions } from "./issuer-fetch.ts";

/** The discovery document names another issuer than the one that was asked (OpenID Connect Discovery 1.0 §4.3). */
export class IssuerMismatchError extends Error {
  readonly expected: string;
  readonly got: string | undefined;

  constructor(expected: string, got: string | undefined) {
    super("the discovery document names another issuer");
    this.name = "IssuerMismatchError";
    this.expected = expected;
    this.got = got;
  }
}

/** The issuer answered, but what it says about its keys cannot be used. */
export class UnusableKeysError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UnusableKeysError";
  }
}

export interface DiscoveredKeys {
  readonly keys: readonly IssuerKey[];
  /** `max-age` of the key set's `Cache-Control`, in seconds. */
  readonly maxAgeSeconds: number | undefined;
}

/**
 * Reads an issuer's discovery document and its keys (OpenID Connect Discovery 1.0 §4).
 *
 * @throws {IssuerFetchError | IssuerMismatchError | UnusableKeysError}
 */
export async function discoverKeys(issuer: Issuer, options: IssuerFetchOptions = {}): Promise<DiscoveredKeys> {
  const base = issuer.url.endsWith("/") ? issuer.url.slice(0, -1) : issuer.url;
  const discovery = await fetchIssuerDocument(`${base}/.well-known/openid-configuration`, issuer.allowOrigins, options);
  const keySetUrl = judgeDiscovery(issuer, discovery.value);
  const keySet = await fetchIssuerDocument(keySetUrl, issuer.allowOrigins, options);
  const keys = parseKeySet(keySet.value);
  if (keys === undefined) throw new UnusableKeysError("the key set is malformed or holds more than 50 keys");
  return { keys, maxAgeSeconds: maxAgeOf(keySet.cacheControl) };
}

function judgeDiscovery(issuer: Issuer, document: JsonValue): string {
  if (typeof document !== "object" || document === null || !isObject(document))
    throw new UnusableKeysError("the discovery document is no JSON object");
  const named = readText(document, "issuer");
  // Byte for byte: a hostile or misconfigured host must not vouch for another issuer's tokens.
  if (named !== issuer.url) throw new IssuerMismatchError(issuer.url, named);
  const keySetUrl = readText(document, "jwks_uri");
  if (keySetUrl === undefined || !URL.canParse(keySetUrl))
    throw new UnusableKeysError("the discovery document has no usable jwks_uri");
  const { origin } = new URL(keySetUrl);
  const trusted = [new URL(issuer.url).origin, ...PRESETS[issuer.provider].keyOrigins, ...issuer.allowOrigins];
  if (!trusted.includes(origin))
    throw new IssuerFetchError("bad-url", `the discovery document points to keys at another origin, ${origin}`);
  return keySetUrl;
}

function isObject(value: JsonValue): value is { readonly [name: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function maxAgeOf(cacheControl: string | undefined): number | undefined {
  const match = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl ?? "");
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
