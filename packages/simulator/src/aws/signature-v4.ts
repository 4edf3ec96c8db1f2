import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { JobRequest } from "../providers/simulated-provider.ts";

export interface JobCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/**
 * Whether a request carries AWS's Signature Version 4 by these credentials, for this region and service.
 *
 * Written from AWS's description, not with the signer that our client uses, so that the two check each other.
 */
export function hasSignatureV4(
  { method, url, headers, body }: JobRequest,
  credentials: JobCredentials,
  where: { readonly region: string; readonly service: string },
): boolean {
  const parts = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
    headers.authorization ?? "",
  );
  const [, credential = "", names = "", signature = ""] = parts ?? [];
  const at = headers["x-amz-date"] ?? "";
  const scope = `${at.slice(0, 8)}/${where.region}/${where.service}/aws4_request`;
  const signed = names.split(";");
  if (
    credential !== `${credentials.accessKeyId}/${scope}` ||
    headers["x-amz-security-token"] !== credentials.sessionToken
  )
    return false;
  if (!["host", "x-amz-date", "x-amz-security-token"].every((name) => signed.includes(name))) return false;
  const canonicalHeaders = signed
    .map((name) => `${name}:${(headers[name] ?? "").trim().replaceAll(/ +/g, " ")}\n`)
    .join("");
  const request = [method, url.pathname, "", canonicalHeaders, names, sha256(body)].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", at, scope, sha256(request)].join("\n");
  const key = scope
    .split("/")
    .reduce<Buffer>((secret, part) => hmac(secret, part), Buffer.from(`AWS4${credentials.secretAccessKey}`));
  const expected = hmac(key, toSign);
  const given = Buffer.from(signature, "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
