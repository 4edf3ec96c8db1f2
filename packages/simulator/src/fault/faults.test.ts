import { createHmac, createPublicKey, generateKeyPairSync } from "node:crypto";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EndpointName, type Fault, type Simulator, startSimulator, type TokenFault } from "../index.ts";

const AUDIENCE = "https://hub.example";
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ signingKeys: { github: privateKey } });
});
afterEach(() => simulator.close());

const issuer = (): string => simulator.issuerUrl("github");
const jwksUrl = (): string => `${issuer()}/.well-known/jwks`;
const discoveryUrl = (): string => `${issuer()}/.well-known/openid-configuration`;

async function verify(token: string): Promise<unknown> {
  const keys = createRemoteJWKSet(new URL(jwksUrl()));
  return jwtVerify(token, keys, { issuer: issuer(), audience: AUDIENCE, requiredClaims: ["jti"], clockTolerance: 30 });
}

/** Waits until a request has reached the simulator, whatever becomes of it. */
async function arrived(endpoint: EndpointName): Promise<void> {
  while (simulator.requestLog.count({ endpoint }) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

const TOKEN_FAULTS: readonly (readonly [TokenFault, string])[] = [
  [{ kind: "wrong-audience" }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
  [{ kind: "expired" }, "ERR_JWT_EXPIRED"],
  [{ kind: "not-yet-valid" }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
  [{ kind: "missing-claim", claim: "jti" }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
  [{ kind: "unknown-key" }, "ERR_JWKS_NO_MATCHING_KEY"],
  [{ kind: "jku-header" }, "ERR_JWKS_NO_MATCHING_KEY"],
  [{ kind: "bad-signature" }, "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"],
  [{ kind: "hs256-confusion" }, "ERR_JOSE_NOT_SUPPORTED"],
  [{ kind: "alg-none" }, "ERR_JOSE_NOT_SUPPORTED"],
];

test.each(TOKEN_FAULTS)("%o is refused, and goes away when it is switched off", async (fault, code) => {
  const once = await simulator.issueToken("github", { audience: AUDIENCE, faults: [fault] });
  await expect(verify(once)).rejects.toMatchObject({ code });
  await simulator.setFaults("github", [fault]);
  await expect(verify(await simulator.issueToken("github", { audience: AUDIENCE }))).rejects.toMatchObject({ code });
  await simulator.setFaults("github", []);
  await verify(await simulator.issueToken("github", { audience: AUDIENCE }));
});

test("a fault of one provider leaves the other alone", async () => {
  await simulator.setFaults("gitlab", [{ kind: "expired" }, { kind: "jwks-500" }]);
  await verify(await simulator.issueToken("github", { audience: AUDIENCE }));
});

test("times and damage follow the simulator's clock", async () => {
  await using past = await startSimulator({ clock: { now: () => epochSeconds(1_790_000_000) } });
  expect(decodeJwt(await past.issueToken("github")).iat).toBe(1_790_000_000);
  expect(decodeJwt(await past.issueToken("github", { faults: [{ kind: "expired" }] })).exp).toBe(1_789_996_400);
  expect(decodeJwt(await past.issueToken("github", { faults: [{ kind: "not-yet-valid" }] })).nbf).toBe(1_790_003_600);
});

test("a token with jku points to keys that would verify it, so that following the header shows", async () => {
  const token = await simulator.issueToken("github", { audience: AUDIENCE, faults: [{ kind: "jku-header" }] });
  const { jku } = decodeProtectedHeader(token);
  expect(simulator.requestLog.count({ endpoint: "foreign-jwks" })).toBe(0);
  const foreign = createLocalJWKSet(await (await fetch(jku ?? "")).json());
  await jwtVerify(token, foreign);
  expect(simulator.requestLog.count({ endpoint: "foreign-jwks" })).toBe(1);
});

test("an HS256 token verifies for whoever uses the public key as a secret", async () => {
  const token = await simulator.issueToken("github", { faults: [{ kind: "hs256-confusion" }] });
  const [header = "", payload = "", signature = ""] = token.split(".");
  const pem = createPublicKey(privateKey).export({ format: "pem", type: "spki" }).toString();
  expect(createHmac("sha256", pem).update(`${header}.${payload}`).digest("base64url")).toBe(signature);
});

test("a broken JWKS is broken in each way", async () => {
  const answer = async (fault: Fault): Promise<Response> => {
    await simulator.setFaults("github", [fault]);
    return fetch(jwksUrl());
  };
  expect((await answer({ kind: "jwks-500" })).status).toBe(500);
  const page = await answer({ kind: "jwks-not-json" });
  expect(page.status).toBe(200);
  await expect(page.json()).rejects.toThrow(SyntaxError);
  const endless = await answer({ kind: "jwks-endless" });
  let read = 0;
  for await (const chunk of endless.body ?? []) {
    read += chunk.length;
    if (read > 4_000_000) break;
  }
  expect(read).toBeGreaterThan(4_000_000);
});

test("slow endpoints wait, answer rightly in the end, and do not keep the simulator from closing", async () => {
  await simulator.setFaults("github", [
    { kind: "slow-jwks", delayMs: 50 },
    { kind: "slow-discovery", delayMs: 600_000 },
  ]);
  expect((await (await fetch(jwksUrl())).json()).keys).toHaveLength(1);
  const waiting = fetch(discoveryUrl()).then(
    () => "answered",
    () => "cut off",
  );
  await arrived("discovery");
  await simulator.close();
  expect(await waiting).toBe("cut off");
});

test("discovery can fail, and can name another issuer", async () => {
  await simulator.setFaults("github", [{ kind: "discovery-500" }]);
  expect((await fetch(discoveryUrl())).status).toBe(500);
  await simulator.setFaults("github", [{ kind: "wrong-discovery-issuer" }]);
  expect((await (await fetch(discoveryUrl())).json()).issuer).toBe("https://other.example");
});

test("GitHub's token endpoint can fail and dawdle", async () => {
  await using job = await simulator.jobEnvironment("github", { parentEnv: {} });
  const headers = { authorization: `Bearer ${job.variables.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` };
  const url = job.variables.ACTIONS_ID_TOKEN_REQUEST_URL ?? "";
  await simulator.setFaults("github", [{ kind: "mint-500" }]);
  expect((await fetch(url, { headers })).status).toBe(500);
  simulator.requestLog.clear();
  await simulator.setFaults("github", [{ kind: "slow-mint", delayMs: 600_000 }]);
  const controller = new AbortController();
  const refused = expect(fetch(url, { headers, signal: controller.signal })).rejects.toMatchObject({
    name: "AbortError",
  });
  await arrived("token");
  controller.abort();
  await refused;
});

test("a rotated key signs at once and its predecessor is gone", async () => {
  const before = await simulator.issueToken("github", { audience: AUDIENCE });
  await simulator.setFaults("github", [{ kind: "rotated-key" }]);
  await expect(verify(before)).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });
  await verify(await simulator.issueToken("github", { audience: AUDIENCE }));
});

test("an orderly rotation keeps the old key for a while", async () => {
  const before = await simulator.issueToken("github", { audience: AUDIENCE });
  await simulator.rotateKeys("github", { keepOld: true });
  const after = await simulator.issueToken("github", { audience: AUDIENCE });
  expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
  await verify(before);
  await verify(after);
  await simulator.rotateKeys("github");
  await expect(verify(after)).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });
});
