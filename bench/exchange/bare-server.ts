import { createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from "node:crypto";
import { createServer } from "node:http";

/**
 * The floor: a `node:http` handler that does an exchange's parsing and cryptography (one RS256 verification, one ES256 signature)
 * with cached keys and stores nothing. Prints its port. The issuer's public key comes as PEM in `BENCH_PUBLIC_KEY`.
 */
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
  const body: { subject_token: string; resource: string } = JSON.parse(text);
  const token = body.subject_token;
  const [head = "", payload = "", signature = ""] = token.split(".");
  const { alg, kid } = JSON.parse(Buffer.from(head, "base64url").toString());
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const signed = Buffer.from(token.slice(0, head.length + 1 + payload.length));
  const now = Math.floor(Date.now() / 1000);
  const good =
    alg === "RS256" &&
    typeof kid === "string" &&
    claims.exp > now &&
    claims.iat <= now + 30 &&
    claims.repository_id === "456789" &&
    verify("sha256", signed, issuerKey, Buffer.from(signature, "base64url"));
  if (!good) return { status: 400, body: { error: "invalid_grant" } };
  const minted = `${header}.${Buffer.from(JSON.stringify({ iss: "bare", sub: body.resource, jti: randomUUID(), iat: now, exp: now + 3600 })).toString("base64url")}`;
  const proof = derToRaw(sign("sha256", Buffer.from(minted), signingKey));
  return {
    status: 200,
    body: {
      access_token: `hf_jwt_${minted}.${proof.toString("base64url")}`,
      token_type: "bearer",
      expires_in: 3600,
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    },
  };
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
