import { createPublicKey, generateKeyPairSync, randomUUID, verify } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

/**
 * The peer: `oidc-provider` with a custom grant for RFC 8693, its in-memory adapter and its own JWT token model.
 *
 * Client authentication runs first there, so the load names a public client. Prints its port.
 */
const issuerKey = createPublicKey(process.env.BENCH_PUBLIC_KEY ?? "");
const jwk = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
const grantType = "urn:ietf:params:oauth:grant-type:token-exchange";
const resource = "https://hub.bench.example";

const provider = new Provider("http://127.0.0.1", {
  clients: [
    {
      client_id: "bench",
      id_token_signed_response_alg: "ES256",
      token_endpoint_auth_method: "none",
      grant_types: [grantType],
      response_types: [],
      redirect_uris: [],
    },
  ],
  jwks: { keys: [{ ...jwk, use: "sig", alg: "ES256", kid: "peer" }] },
  routes: { token: "/oauth/token" },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      getResourceServerInfo: () => ({
        scope: "write",
        accessTokenFormat: "jwt",
        accessTokenTTL: 3600,
        jwt: { sign: { alg: "ES256" } },
      }),
      useGrantedResource: () => true,
    },
  },
});

provider.registerGrantType(
  grantType,
  async (ctx) => {
    const { client, params } = ctx.oidc;
    const token = String(params?.subject_token ?? "");
    const [head = "", payload = "", signature = ""] = token.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const signed = Buffer.from(token.slice(0, head.length + 1 + payload.length));
    const now = Math.floor(Date.now() / 1000);
    if (
      claims.exp <= now ||
      claims.repository_id !== "456789" ||
      !verify("sha256", signed, issuerKey, Buffer.from(signature, "base64url"))
    ) {
      ctx.status = 400;
      ctx.body = { error: "invalid_grant" };
      return;
    }
    if (client === undefined) throw new Error("no client");
    const accessToken = new provider.AccessToken({
      client,
      accountId: String(claims.sub),
      grantId: randomUUID(),
      gty: "token_exchange",
      scope: "write",
    });
    accessToken.resourceServer = new provider.ResourceServer(resource, {
      scope: "write",
      accessTokenFormat: "jwt",
      accessTokenTTL: 3600,
      jwt: { sign: { alg: "ES256" } },
    });
    ctx.body = {
      access_token: await accessToken.save(),
      token_type: "bearer",
      expires_in: 3600,
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    };
  },
  ["subject_token", "subject_token_type", "resource"],
);

const handler = provider.callback();
const server = createServer((request, response) => void handler(request, response));
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(
    `${JSON.stringify({ port: typeof address === "object" && address !== null ? address.port : 0 })}\n`,
  );
});
