import { Buffer, isUtf8 } from "node:buffer";
import type { ClaimSet } from "@postern/core/claims/claim-set";
import { readClaim } from "@postern/core/claims/read-claim";
import { parseStrictJson } from "@postern/core/claims/strict-json";
import { showClaimValue } from "@postern/core/match/explain-check";
import { exchangeRefusal } from "./exchange-refusal.ts";

/** Longest subject token that is looked at, in characters. */
export const MAX_SUBJECT_TOKEN_LENGTH = 16_384;
const MAX_DEPTH = 8;
const MAX_KID_LENGTH = 256;

/** Everything else is refused: `jku`, `x5u`, `jwk` and `x5c` let a token choose its own key, `crit` and `b64` change what was signed. */
const HEADER_NAMES: ReadonlySet<string> = new Set(["alg", "kid", "typ", "x5t", "x5t#S256"]);

/** A compact JWS taken apart (RFC 7515 §3.1). Nobody has checked its signature: its issuer may choose a key set and nothing else. */
export interface UnverifiedSubjectToken {
  readonly unverifiedAlg: string;
  readonly unverifiedKid: string | undefined;
  readonly unverifiedIssuer: string;
  readonly unverifiedClaims: ClaimSet;
  /** The octets that were signed: header, dot, payload. */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

/**
 * Takes a subject token apart, strictly: canonical base64url, UTF-8, JSON without repeated members, a known header.
 *
 * @throws {OAuthError} `invalid_grant` TP1101 to TP1104, TP1106, TP1107.
 */
export function parseUnverifiedSubjectToken(text: string): UnverifiedSubjectToken {
  if (text.length > MAX_SUBJECT_TOKEN_LENGTH) throw exchangeRefusal("TP1101");
  const headerEnd = text.indexOf(".");
  const payloadEnd = text.indexOf(".", headerEnd + 1);
  if (headerEnd < 1 || payloadEnd < headerEnd + 2 || text.indexOf(".", payloadEnd + 1) !== -1)
    throw exchangeRefusal("TP1102");
  const header = parseSegment(text.slice(0, headerEnd));
  const { unverifiedAlg, unverifiedKid } = readHeader(header);
  const signature = decodeCanonical(text.slice(payloadEnd + 1));
  if (signature === undefined || signature.length === 0) throw exchangeRefusal("TP1102");
  const unverifiedClaims = parseSegment(text.slice(headerEnd + 1, payloadEnd));
  const unverifiedIssuer = readClaim(unverifiedClaims, "iss");
  if (typeof unverifiedIssuer !== "string" || unverifiedIssuer === "")
    throw exchangeRefusal("TP1107", { sentence: "It has no iss." });
  return {
    unverifiedAlg,
    unverifiedKid,
    unverifiedIssuer,
    unverifiedClaims,
    signingInput: Buffer.from(text.slice(0, payloadEnd), "latin1"),
    signature,
  };
}

function parseSegment(segment: string): ClaimSet {
  const octets = decodeCanonical(segment);
  if (octets === undefined) throw exchangeRefusal("TP1102");
  if (!isUtf8(octets)) throw exchangeRefusal("TP1103");
  const json = parseStrictJson(octets.toString("utf8"), MAX_DEPTH);
  if (json.kind === "refused") throw exchangeRefusal("TP1103", { detail: { reason: json.reason } });
  if (!isObject(json.value)) throw exchangeRefusal("TP1103");
  return json.value;
}

/** Encoding again must give the same text: that excludes padding, foreign characters and non-zero bits in the last one. */
function decodeCanonical(segment: string): Buffer | undefined {
  const octets = Buffer.from(segment, "base64url");
  return octets.toString("base64url") === segment ? octets : undefined;
}

function readHeader(header: ClaimSet): { unverifiedAlg: string; unverifiedKid: string | undefined } {
  for (const name of Object.keys(header)) {
    if (!HEADER_NAMES.has(name)) throw exchangeRefusal("TP1104", { sentence: `It carries ${showClaimValue(name)}.` });
  }
  const alg = readClaim(header, "alg");
  const kid = readClaim(header, "kid");
  const typ = readClaim(header, "typ");
  if (typeof alg !== "string") throw exchangeRefusal("TP1105", { sentence: "It names none." });
  if (kid !== undefined && (typeof kid !== "string" || kid.length > MAX_KID_LENGTH || !/^[\x20-\x7e]+$/.test(kid)))
    throw exchangeRefusal("TP1104", { sentence: "Its kid is malformed." });
  // RFC 7515 §4.1.9: media types are compared without regard to case.
  if (typ !== undefined && (typeof typ !== "string" || typ.toUpperCase() !== "JWT"))
    throw exchangeRefusal("TP1106", { sentence: `Its typ is ${showClaimValue(typ)}.` });
  return { unverifiedAlg: alg, unverifiedKid: kid };
}

function isObject(value: unknown): value is ClaimSet {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
