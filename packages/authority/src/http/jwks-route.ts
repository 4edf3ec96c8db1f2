import type { FastifyInstance } from "fastify";
import type { ProvenanceKeys } from "../provenance/provenance-keys.ts";
import { KEY_SET_MAX_AGE_SECONDS } from "../tokens/key-life.ts";
import type { KeyRing } from "../tokens/key-ring.ts";

export interface JwksRouteDeps {
  readonly keyRing: KeyRing;
  /** Sign who made a commit; published beside the keys of tokens. */
  readonly provenanceKeys: Pick<ProvenanceKeys, "published">;
  /** Without a slash at the end. */
  readonly publicUrl: string;
}

/** Browsers of any site may read these: they are public and carry no credentials. */
const PUBLIC_HEADERS = {
  "access-control-allow-origin": "*",
  "cache-control": `public, max-age=${KEY_SET_MAX_AGE_SECONDS}`,
} as const;

/** Adds `/oauth/jwks` (RFC 7517 §5) and `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4). */
export function registerJwksRoute(app: FastifyInstance, { keyRing, provenanceKeys, publicUrl }: JwksRouteDeps): void {
  app.get("/oauth/jwks", async (_request, reply) =>
    reply.headers(PUBLIC_HEADERS).send({ keys: [...keyRing.jwks.keys, ...provenanceKeys.published] }),
  );
  app.get("/.well-known/openid-configuration", async (_request, reply) =>
    reply.headers(PUBLIC_HEADERS).send({
      issuer: publicUrl,
      token_endpoint: `${publicUrl}/oauth/token`,
      revocation_endpoint: `${publicUrl}/oauth/revoke`,
      jwks_uri: `${publicUrl}/oauth/jwks`,
      grant_types_supported: ["urn:ietf:params:oauth:grant-type:token-exchange"],
      token_endpoint_auth_methods_supported: ["none"],
      revocation_endpoint_auth_methods_supported: ["none"],
      dpop_signing_alg_values_supported: ["ES256"],
      response_types_supported: [],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    }),
  );
}
