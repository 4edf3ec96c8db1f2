import { parseObject } from "../http/json-object.ts";

/** Claims read without checking any signature: good for choosing and for advice, never for trust. */
export interface UnverifiedClaims {
  readonly issuer: string | undefined;
  readonly audiences: readonly string[];
  /** Seconds since 1970-01-01T00:00:00Z. */
  readonly expiresAt: number | undefined;
}

/** `undefined` when the text is no JWT in compact form (RFC 7519 §3). */
export function readUnverifiedClaims(text: string): UnverifiedClaims | undefined {
  const [header, payload, signature, ...rest] = text.split(".");
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) return undefined;
  if (parseObject(decodeBase64Url(header) ?? "") === undefined) return undefined;
  const claims = parseObject(decodeBase64Url(payload) ?? "");
  if (claims === undefined) return undefined;
  const { iss, aud, exp } = claims;
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return {
    issuer: typeof iss === "string" ? iss : undefined,
    audiences: audiences.filter((audience) => typeof audience === "string"),
    expiresAt: typeof exp === "number" && Number.isFinite(exp) ? exp : undefined,
  };
}

function decodeBase64Url(text: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
