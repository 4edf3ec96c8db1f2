import { createServer } from "node:http";
import { keyId, keyPair } from "../exchange/subject-tokens.ts";

/** An OIDC issuer on loopback that counts what it is asked. */
export interface FloodIssuer {
  readonly origin: string;
  requests(): number;
  /** From now on connections are taken and nothing is answered. */
  hang(): void;
  close(): void;
}

export async function startFloodIssuer(): Promise<FloodIssuer> {
  let [origin, requests, hangs] = ["", 0, false];
  const server = createServer((request, response) => {
    requests++;
    if (hangs) return;
    const body =
      request.url === "/jwks"
        ? { keys: [{ ...keyPair.publicKey.export({ format: "jwk" }), kid: keyId, use: "sig", alg: "RS256" }] }
        : { issuer: origin, jwks_uri: `${origin}/jwks` };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  return {
    origin,
    requests: () => requests,
    hang: () => {
      hangs = true;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
