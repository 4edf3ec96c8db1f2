import { createPublicKey, generateKeyPairSync, hash, randomUUID, sign, verify } from "node:crypto";
import { createServer } from "node:http";
import type { JsonObject, JsonValue } from "@postern/core/claims/claim-set";
import { parseStrictJson } from "@postern/core/claims/strict-json";

/**
 * The floor: a `node:http` handler that does an exchange's parsing and cryptography with cached keys and stores nothing. Prints its
 * port. The issuer's public key comes as PEM in `BENCH_PUBLIC_KEY`.
 *
 * `BENCH_FLOOR=same`: what ours does too. Strict JSON (a repeated member is refused), canonical base64url, one RS256 verification, one
 * ES256 signature, the digests of both tokens. `BENCH_FLOOR=least`: `JSON.parse`, the verification and the signature, nothing else.
 */
const same = process.env.BENCH_FLOOR === "same";
const issuerKey = createPublicKey(process.env.BENCH_PUBLIC_KEY ?? "");
const signingKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const header = Buffer.from(JSON.stringify({ alg: "ES256", kid: "bare", typ: "JWT" })).toString("base64url");

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const answer = exchange(Buffer.concat(chunks).toString());
    const body = JSON.stringify(answer.body);
    response.writeHead(answer.status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
    });
    response.end(body);
  });
});

function exchange(text: string): { status: number; body: unknown } {
  const body = parse(text);
  const token = String(body.subject_token);
  const [head = "", payload = "", signature = ""] = token.split(".");
  const { alg, kid } = parse(decode(head).toString());
  const claims = parse(decode(payload).toString());
  const signed = Buffer.from(token.slice(0, head.length + 1 + payload.length), "latin1");
  const now = Math.floor(Date.now() / 1000);
  const good =
    alg === "RS256" &&
    typeof kid === "string" &&
    Number(claims.exp) > now &&
    Number(claims.iat) <= now + 30 &&
    claims.repository_id === "456789" &&
    verify("sha256", signed, issuerKey, decode(signature));
  if (!good) return { status: 400, body: { error: "invalid_grant" } };
  const minted = `${header}.${Buffer.from(JSON.stringify({ iss: "bare", sub: body.resource, jti: randomUUID(), iat: now, exp: now + 3600 })).toString("base64url")}`;
  const proof = derToRaw(sign("sha256", Buffer.from(minted), signingKey));
  const accessToken = `hf_jwt_${minted}.${proof.toString("base64url")}`;
  if (same && hash("sha256", token, "hex") === hash("sha256", accessToken, "hex")) throw new Error("impossible");
  return {
    status: 200,
    body: {
      access_token: accessToken,
      token_type: "bearer",
      expires_in: 3600,
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    },
  };
}

function parse(text: string): JsonObject {
  if (!same) return JSON.parse(text);
  const json = parseStrictJson(text, 8);
  if (json.kind === "refused" || !isObject(json.value)) throw new Error("malformed");
  return json.value;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function decode(segment: string): Buffer {
  const octets = Buffer.from(segment, "base64url");
  if (same && octets.toString("base64url") !== segment) throw new Error("malformed");
  return octets;
}

/** ECDSA-Sig-Value (RFC 3279 §2.2.3) to r||s (RFC 7518 §3.4), 32 bytes each. */
function derToRaw(der: Buffer): Buffer {
  const raw = Buffer.alloc(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0;
    const integer = der.subarray(at + 2, at + 2 + length);
    const trimmed = integer.subarray(Math.max(0, length - 32));
    trimmed.copy(raw, end - trimmed.length);
    at += 2 + length;
  }
  return raw;
}

server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(
    `${JSON.stringify({ port: typeof address === "object" && address !== null ? address.port : 0 })}\n`,
  );
});
