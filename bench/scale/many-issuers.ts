import { createServer } from "node:http";
import { keyId, keyPair } from "../exchange/subject-tokens.ts";

/** As many OIDC issuers as there are paths on one loopback origin, all with the benchmark's key. */
export async function startManyIssuers(): Promise<{
  readonly origin: string;
  urlOf(index: number): string;
  requests(): number;
  close(): void;
}> {
  let origin = "";
  let requests = 0;
  const keys = JSON.stringify({
    keys: [{ ...keyPair.publicKey.export({ format: "jwk" }), kid: keyId, use: "sig", alg: "RS256" }],
  });
  const server = createServer((request, response) => {
    requests++;
    const [, name = ""] = (request.url ?? "").split("/");
    const issuer = `${origin}/${name}`;
    const body = request.url?.endsWith("/jwks") ? keys : JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` });
    // Fresh for longer than a run: no round pays for another fetch than the first.
    response.writeHead(200, { "content-type": "application/json", "cache-control": "max-age=86400" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  return {
    origin,
    urlOf: (index) => `${origin}/issuer-${index}`,
    requests: () => requests,
    close: () => server.close(),
  };
}
