import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** A key pair of an issuer. */
export interface IssuerKeyPair {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function rsaKey(kid: string, modulusLength = 2048): IssuerKeyPair {
  return { kid, ...generateKeyPairSync("rsa", { modulusLength }) };
}

export function ecKey(kid: string, namedCurve: "P-256" | "P-384"): IssuerKeyPair {
  return { kid, ...generateKeyPairSync("ec", { namedCurve }) };
}

export function publicJwk({ kid, publicKey }: IssuerKeyPair): Record<string, unknown> {
  return { ...publicKey.export({ format: "jwk" }), kid, use: "sig" };
}

export function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Signs any claims with any header. */
export function signToken(
  key: IssuerKeyPair,
  claims: unknown,
  header: Readonly<Record<string, unknown>> = { alg: "RS256", typ: "JWT", kid: key.kid },
): string {
  return signText(key, `${base64url(header)}.${base64url(claims)}`, header.alg === "ES384" ? "sha384" : "sha256");
}

/** Signs a signing input that is already encoded. */
export function signText(key: IssuerKeyPair, signingInput: string, hash = "sha256"): string {
  const privateKey = { key: key.privateKey, dsaEncoding: "ieee-p1363" } as const;
  return `${signingInput}.${sign(hash, Buffer.from(signingInput), privateKey).toString("base64url")}`;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An issuer on 127.0.0.1 that speaks real HTTP and whose answers a test may change. */
export interface LocalIssuer {
  readonly url: string;
  readonly origin: string;
  readonly port: number;
  keys: readonly IssuerKeyPair[];
  /** Replaces the answer of one path. */
  readonly answers: Map<string, Answer>;
  readonly requests: string[];
  readonly connections: () => number;
  close(): Promise<void>;
}

export function sendJson(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

export const DISCOVERY_PATH = "/.well-known/openid-configuration";

export async function startIssuer(keys: readonly IssuerKeyPair[], path = ""): Promise<LocalIssuer> {
  const requests: string[] = [];
  const answers = new Map<string, Answer>();
  let connections = 0;
  const server: Server = createServer((request, response) => {
    const asked = request.url ?? "";
    requests.push(asked);
    const answer = answers.get(asked);
    if (answer !== undefined) answer(request, response);
    else if (asked === `${path}${DISCOVERY_PATH}`)
      sendJson(response, { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` });
    else if (asked === `${path}/jwks`) sendJson(response, { keys: issuer.keys.map(publicJwk) });
    else response.writeHead(404).end();
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the issuer has no port");
  const { port } = address;
  const origin = `http://127.0.0.1:${port}`;
  const issuer: LocalIssuer = {
    url: `${origin}${path}`,
    origin,
    port,
    keys,
    answers,
    requests,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return issuer;
}
