import { ApiError } from "../error/api-error.ts";
import { type IssuerUrl, parseIssuerUrl } from "../issuer/issuer-url.ts";
import { PROVIDER_IDS, type ProviderId, parseProviderId } from "../provider/provider-id.ts";
import { parseAddressRange } from "./address-range.ts";
import type { ClaimValue } from "./publisher.ts";

/** Shortest and longest life of a token that a publisher earns, in seconds. */
export const MIN_TTL_SECONDS = 300;
export const MAX_TTL_SECONDS = 3600;

const MAX_ADDRESSES = 64;

/** A publisher as somebody asked for it: the right JSON types, not yet held against its provider. */
export interface PublisherDraft {
  readonly provider: ProviderId;
  readonly issuer: IssuerUrl | undefined;
  readonly claims: Readonly<Record<string, ClaimValue>>;
  readonly access: "read" | "write" | undefined;
  readonly ttlSeconds: number;
  readonly sourceAddresses: readonly string[];
  readonly pinAddress: boolean;
  readonly audience: string | undefined;
}

const FIELDS: ReadonlySet<string> = new Set([
  "provider",
  "issuer",
  "claims",
  "access",
  "ttl_seconds",
  "source_addresses",
  "pin_address",
  "audience",
]);

/**
 * Reads the JSON body of `POST …/publishers`.
 *
 * @throws {ApiError} `invalid_body` when it is no object; `invalid_field` naming the field and the remedy otherwise.
 */
export function parsePublisherDraft(body: unknown): PublisherDraft {
  if (!isRecord(body)) throw new ApiError("invalid_body", "The body must be a JSON object.");
  for (const name of Object.keys(body)) {
    if (!FIELDS.has(name))
      throw invalid(name, `A publisher has no field ${name}.`, `Use ${[...FIELDS].join(", ")} only.`);
  }
  return {
    provider: parseProvider(body.provider),
    issuer: parseIssuer(body.issuer),
    claims: parseClaims(body.claims),
    access: parseAccess(body.access),
    ttlSeconds: parseTtl(body.ttl_seconds),
    sourceAddresses: parseSourceAddresses(body.source_addresses),
    pinAddress: parsePinAddress(body.pin_address),
    audience: parseAudience(body.audience),
  };
}

function parseProvider(value: unknown): ProviderId {
  const provider = typeof value === "string" ? parseProviderId(value) : undefined;
  if (provider === undefined)
    throw invalid("provider", "The provider is missing or unknown.", `Use ${PROVIDER_IDS.join(", ")}.`);
  return provider;
}

function parseIssuer(value: unknown): IssuerUrl | undefined {
  if (value === undefined) return undefined;
  const issuer = typeof value === "string" ? parseIssuerUrl(value) : undefined;
  if (issuer === undefined)
    throw invalid("issuer", "The issuer is no absolute URL.", "Give the exact text of the token's iss claim.");
  return issuer;
}

function parseClaims(value: unknown): Readonly<Record<string, ClaimValue>> {
  if (!isRecord(value))
    throw invalid("claims", "The claims are missing or no object.", "Give an object of claim names and exact values.");
  const claims: [string, ClaimValue][] = [];
  for (const [name, expected] of Object.entries(value)) {
    if (typeof expected !== "string" && typeof expected !== "number" && typeof expected !== "boolean")
      throw invalid(
        claimField(name),
        `The claim ${name} needs one string, number or boolean.`,
        "Claims match exactly.",
      );
    claims.push([name, expected]);
  }
  // Defines own members even for `__proto__`, where plain assignment would change the prototype instead.
  return Object.fromEntries(claims);
}

function parseAccess(value: unknown): "read" | "write" | undefined {
  if (value === undefined || value === "read" || value === "write") return value;
  throw invalid("access", "The access is neither read nor write.", "Use read or write.");
}

function parseTtl(value: unknown): number {
  if (value === undefined) return MAX_TTL_SECONDS;
  if (typeof value === "number" && Number.isInteger(value) && value >= MIN_TTL_SECONDS && value <= MAX_TTL_SECONDS)
    return value;
  throw invalid(
    "ttl_seconds",
    "The lifetime is out of range.",
    `Use ${MIN_TTL_SECONDS} to ${MAX_TTL_SECONDS} seconds.`,
  );
}

function parseSourceAddresses(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const remedy = "Give a list of addresses or ranges, such as 192.0.2.0/24 and 2001:db8::/32.";
  if (!Array.isArray(value) || value.length > MAX_ADDRESSES)
    throw invalid("source_addresses", `The addresses are no list of at most ${MAX_ADDRESSES}.`, remedy);
  const ranges: string[] = [];
  for (const [index, range] of value.entries()) {
    if (typeof range !== "string" || parseAddressRange(range) === undefined)
      throw invalid(
        `source_addresses/${index}`,
        "This is no address and no range without bits behind its prefix.",
        remedy,
      );
    ranges.push(range);
  }
  return [...new Set(ranges)].sort();
}

function parsePinAddress(value: unknown): boolean {
  if (value === undefined || typeof value === "boolean") return value === true;
  throw invalid("pin_address", "The address pin is neither true nor false.", "Use true or false.");
}

/** Whether the provider has such audiences is for `validateClaims` to say. */
function parseAudience(value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw invalid("audience", "The audience is no string.", "Give the exact text of the token's aud claim.");
}

/** The JSON pointer of one claim in the body (RFC 6901 §3). */
export function claimField(name: string): string {
  return `claims/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** A refusal of one field of the body. */
export function invalid(field: string, message: string, remedy: string): ApiError {
  return new ApiError("invalid_field", message, { field: `/${field}`, remedy });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
