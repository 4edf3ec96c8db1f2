import type { Environment } from "../src/environment/environment.ts";
import { idToken } from "./id-token.ts";
import { LocalServer, type Received } from "./local-server.ts";

/** A mint endpoint as GitHub's runner offers it, and a hub that exchanges what it is sent. */
export class KeylessWorld {
  readonly mint: LocalServer;
  readonly hub: LocalServer;

  constructor(mint: LocalServer, hub: LocalServer) {
    this.mint = mint;
    this.hub = hub;
  }

  static async start(): Promise<KeylessWorld> {
    const mint = await LocalServer.start(({ url }) => ({
      body: { value: idToken({ aud: url.searchParams.get("audience") }), count: 1 },
    }));
    const hub = await LocalServer.start((_, n) => ({ body: exchanged(`hf_jwt_exchanged-${n}`) }));
    return new KeylessWorld(mint, hub);
  }

  /** What a GitHub job with `id-token: write` has, pointed at this hub. */
  githubJob(more: Environment = {}): Environment {
    return {
      GITHUB_ACTIONS: "true",
      ACTIONS_ID_TOKEN_REQUEST_URL: `${this.mint.origin}/idtoken?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "runner-bearer",
      HF_ENDPOINT: this.hub.origin,
      HF_OIDC_RESOURCE: "acme/model",
      HF_HOME: "/nonexistent/hub-home",
      ...more,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mint[Symbol.asyncDispose]();
    await this.hub[Symbol.asyncDispose]();
  }
}

export function exchanged(token: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    access_token: token,
    token_type: "bearer",
    expires_in: 3600,
    issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    ...more,
  };
}

export function jsonOf(request: Received | undefined): Record<string, unknown> {
  return JSON.parse(request?.body ?? "");
}
