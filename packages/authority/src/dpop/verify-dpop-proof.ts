import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** How far the `iat` of a proof may be from our clock, in seconds, either way. */
export const DPOP_WINDOW_SECONDS = 60;

const MAX_PROOF = 4096;
const MAX_JTI = 128;

export interface DpopExpectation {
  readonly method: string;
  /** The texts of the request's address, without query, that mean this deployment. */
  readonly urls: readonly string[];
  readonly now: EpochSeconds;
  /** The token that the proof must name (`ath`); none at the token endpoint. */
  readonly accessToken?: string;
}

export type DpopVerdict =
  | { readonly kind: "valid"; readonly thumbprint: string; readonly jti: string; readonly issuedAt: number }
  /** `reason` ends the sentence "The DPoP proof is not acceptable: …". */
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Verifies a DPoP proof (RFC 9449 §4.3), ES256 only. Whether its `jti` is new is another question (`ProofReplay`).
 *
 * Held against `jose` in verify-dpop-proof.test.ts.
 */
export function verifyDpopProof(text: string, expected: DpopExpectation): DpopVerdict {
  const [head = "", body = "", tail = "", ...more] = text.length > MAX_PROOF ? [] : text.split(".");
  const header = decodeObject(head);
  const claims = decodeObject(body);
  const signature = decodeBytes(tail);
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0)
    return invalid("it is no compact JWS");
  if (header.typ !== "dpop+jwt" || header.alg !== "ES256" || "crit" in header)
    return invalid("its header is not typ dpop+jwt with alg ES256");
  const proved = importKey(header.jwk);
  if (proved === undefined) return invalid("its jwk is no public P-256 key");
  const key = { key: proved.key, dsaEncoding: "ieee-p1363" } as const;
  if (!verify("sha256", Buffer.from(`${head}.${body}`), key, signature)) return invalid("its signature is wrong");
  const reason = claimAtFault(claims, expected);
  if (reason !== undefined) return invalid(reason);
  return { kind: "valid", thumbprint: proved.thumbprint, jti: String(claims.jti), issuedAt: Number(claims.iat) };
}

type JsonObject = Readonly<Record<string, unknown>>;

function claimAtFault({ htm, htu, iat, jti, ath }: JsonObject, expected: DpopExpectation): string | undefined {
  if (typeof jti !== "string" || jti === "" || jti.length > MAX_JTI) return "jti is missing or too long";
  if (htm !== expected.method) return "htm is another method";
  if (typeof htu !== "string" || !expected.urls.includes(withoutQuery(htu))) return "htu is another address";
  if (typeof iat !== "number" || !(Math.abs(iat - expected.now) <= DPOP_WINDOW_SECONDS))
    return "iat is too far from this server's clock";
  if (expected.accessToken === undefined) return undefined;
  const hash = createHash("sha256").update(expected.accessToken).digest("base64url");
  return ath === hash ? undefined : "ath is of another token";
}

/** RFC 9449 §4.3, 9: the comparison ignores query and fragment. */
function withoutQuery(text: string): string {
  if (!URL.canParse(text)) return "";
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname}`;
}

function importKey(jwk: unknown): { readonly key: KeyObject; readonly thumbprint: string } | undefined {
  if (typeof jwk !== "object" || jwk === null || "d" in jwk || !("kty" in jwk && "crv" in jwk)) return undefined;
  if (!("x" in jwk && "y" in jwk) || jwk.kty !== "EC" || jwk.crv !== "P-256") return undefined;
  const { x, y } = jwk;
  if (typeof x !== "string" || typeof y !== "string" || x.length !== 43 || y.length !== 43) return undefined;
  // One point must have one thumbprint, so slack in the last character is refused.
  if (decodeBytes(x) === undefined || decodeBytes(y) === undefined) return undefined;
  try {
    const key = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
    const members = `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`;
    return { key, thumbprint: createHash("sha256").update(members).digest("base64url") };
  } catch {
    return undefined;
  }
}

function decodeObject(part: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(decodeBytes(part)?.toString("utf8") ?? "");
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** `undefined` unless the text is the one encoding of its bytes (RFC 4648 §3.5). */
function decodeBytes(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, "base64url");
  return bytes.length > 0 && bytes.toString("base64url") === part ? bytes : undefined;
}

function invalid(reason: string): DpopVerdict {
  return { kind: "invalid", reason };
}
