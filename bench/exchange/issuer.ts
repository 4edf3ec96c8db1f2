import { createServer } from "node:http";
import { keyId, keyPair } from "./subject-tokens.ts";

/** An OIDC issuer on loopback that publishes the benchmark's key. */
export async function startIssuer(): Promise<{ readonly url: string; readonly origin: string; close(): void }> {
  let origin = "";
  const server = createServer((request, response) => {
    const body =
      request.url === "/jwks"
        ? { keys: [{ ...keyPair.publicKey.export({ format: "jwk" }), kid: keyId, use: "sig", alg: "RS256" }] }
        : { issuer: origin, jwks_uri: `${origin}/jwks`, id_token_signing_alg_values_supported: ["RS256"] };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  return { url: origin, origin, close: () => server.close() };
}
