import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SimulatedProviderId, type Simulator, startSimulator } from "./index.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

/** Verifies as a relying party does: discovery first, then the keys it names. */
async function verify(from: Simulator, provider: SimulatedProviderId, token: string): Promise<JWTPayload> {
  const issuer = from.issuerUrl(provider);
  const discovery = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
  expect(discovery.issuer).toBe(issuer);
  const { payload } = await jwtVerify(token, keys, { issuer, audience: "https://hub.example", algorithms: ["RS256"] });
  return payload;
}

test.each(["github", "gitlab"] as const)("a %s token verifies through discovery and JWKS", async (provider) => {
  const token = await simulator.issueToken(provider, { audience: "https://hub.example" });
  const payload = await verify(simulator, provider, token);
  expect(payload.aud).toBe("https://hub.example");
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: "RS256", typ: "JWT", kid: expect.any(String) });
});

test("every token has its own jti", async () => {
  const tokens = await Promise.all(
    [1, 2, 3].map(() => simulator.issueToken("github", { audience: "https://hub.example" })),
  );
  const ids = await Promise.all(tokens.map(async (token) => (await verify(simulator, "github", token)).jti));
  expect(new Set(ids).size).toBe(3);
});

test("two simulators do not share keys", async () => {
  await using other = await startSimulator();
  const token = await other.issueToken("github", {
    audience: "https://hub.example",
    claims: { iss: simulator.issuerUrl("github") },
  });
  await expect(verify(simulator, "github", token)).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });
});

test("one provider's key does not sign for another", async () => {
  const token = await simulator.issueToken("gitlab", {
    audience: "https://hub.example",
    claims: { iss: simulator.issuerUrl("github") },
  });
  await expect(verify(simulator, "github", token)).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });
});

test("the request log tells what was fetched and what was not", async () => {
  await using own = await startSimulator();
  const token = await own.issueToken("github", { audience: "https://hub.example" });
  await verify(own, "github", token);
  expect(own.requestLog.entries.map((entry) => `${entry.method} ${entry.path}`)).toEqual([
    "GET /github/.well-known/openid-configuration",
    "GET /github/.well-known/jwks",
  ]);
  expect(own.requestLog.count({ provider: "github", endpoint: "jwks" })).toBe(1);
  expect(own.requestLog.count({ provider: "gitlab" })).toBe(0);
  own.requestLog.clear();
  expect(own.requestLog.count()).toBe(0);
});

test("a port in use is the listener's own error", async () => {
  const port = Number(new URL(simulator.origin).port);
  await expect(startSimulator({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("whatever is no endpoint answers 404", async () => {
  for (const path of [
    "/",
    "/github",
    "/travis/.well-known/openid-configuration",
    "/circleci/org/x/.well-known/openid-configuration",
    "/github/jobs/x/idtoken",
    "//",
  ]) {
    expect((await fetch(`${simulator.origin}${path}`)).status, path).toBe(404);
  }
});
