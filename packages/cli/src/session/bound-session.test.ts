import { afterEach, describe, expect, it } from "vitest";
import { runBin } from "../testing/run-bin.ts";
import { type ScriptedServer, startScriptedServer } from "../testing/scripted-server.ts";

const TOKEN = "hf_jwt_a.b.c";
let server: ScriptedServer | undefined;

afterEach(async () => server?.[Symbol.asyncDispose]());

/** A hub that exchanges for a token of this type. */
async function whoami(tokenType: string): Promise<readonly (string | undefined)[]> {
  server = await startScriptedServer(({ url }) =>
    url === "/oauth/token"
      ? { body: { access_token: TOKEN, token_type: tokenType, expires_in: 3600 } }
      : { body: { name: "acme/m", type: "app" } },
  );
  const env = { HF_ENDPOINT: server.url, HF_OIDC_RESOURCE: "acme/m", HF_OIDC_ID_TOKEN: "a.b.c" };
  const finished = await runBin(["auth", "whoami"], { env });
  expect(finished.exitCode, finished.stderr).toBe(0);
  return server.seen.map(({ authorization }) => authorization);
}

describe("the token of a keyless login", () => {
  it("is sent as a bearer token where the hub knows nothing of proofs", async () => {
    expect(await whoami("bearer")).toEqual([undefined, `Bearer ${TOKEN}`]);
  });

  it("is sent with a proof where the hub bound it", async () => {
    expect(await whoami("DPoP")).toEqual([undefined, `DPoP ${TOKEN}`]);
  });
});
