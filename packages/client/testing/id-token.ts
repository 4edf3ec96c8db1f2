import { generateKeyPairSync, randomUUID, sign } from "node:crypto";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** A signed id token as a CI provider would issue it, valid for 300 s; claims may be added or replaced. */
export function idToken(claims: Readonly<Record<string, unknown>> = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: "https://token.actions.githubusercontent.com",
    aud: "https://huggingface.co",
    sub: "repo:acme/train:ref:refs/heads/main",
    jti: randomUUID(),
    iat: now,
    exp: now + 300,
    ...claims,
  };
  const input = [{ alg: "ES256", typ: "JWT" }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}
