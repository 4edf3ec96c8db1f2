import { addSeconds } from "@postern/core/time/epoch-seconds";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ADMIN_TOKEN,
  type Answer,
  type ManagementStage,
  openStage,
  PUBLIC_URL,
  START,
} from "./management-stage.contract.ts";

let stage: ManagementStage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

describe("GET /api/whoami-v2", () => {
  it("describes a person with organisations and token as the clients read them", async () => {
    const ada = await stage.user("ada");
    await stage.call("POST", "/orgs", ADMIN_TOKEN, { name: "acme", fullname: "Acme", owner: "ada" });
    const answer = await whoami(`Bearer ${ada}`);
    expect(answer.json).toMatchObject({
      type: "user",
      name: "ada",
      fullname: "ada",
      isPro: false,
      canPay: false,
      orgs: [{ type: "org", name: "acme", fullname: "Acme", roleInOrg: "admin" }],
      auth: { type: "access_token", accessToken: { displayName: "token", role: "write" } },
    });
    expect(answer.json.id).toMatch(/^[0-9a-f]{24}$/);
  });

  it("describes a job with empty organisations and the end of its token", async () => {
    await stage.user("ada");
    const repo = await whoami(`Bearer ${await stage.exchanged("repo")}`);
    expect(repo.json).toMatchObject({
      type: "app",
      name: "acme/train",
      orgs: [],
      scope: { entities: ["acme/train"], role: "write" },
      auth: { type: "access_token", accessToken: { role: "write" }, expiresAt: "2026-11-18T12:06:40.000Z" },
    });
    const user = await whoami(`Bearer ${await stage.exchanged("ada")}`);
    expect(user.json).toMatchObject({ type: "app", name: "ada", orgs: [], auth: { accessToken: { role: "read" } } });
  });

  it("takes Basic with any user name and the token as password, as git sends it", async () => {
    const basic = Buffer.from(`hf_user:${ADMIN_TOKEN}`).toString("base64");
    expect((await whoami(`Basic ${basic}`)).json.name).toBe("root");
    expect((await whoami(`basic ${basic}`)).json.name).toBe("root");
  });

  it.each([
    ["an unknown token", "Bearer hf_unknownunknownunknownunknown"],
    ["a token that is none", "Bearer abc"],
    ["no token", "Bearer"],
    ["another scheme", "Digest abc"],
    ["two tokens", `Bearer ${ADMIN_TOKEN} ${ADMIN_TOKEN}`],
    ["Basic without a colon", `Basic ${Buffer.from("abc").toString("base64")}`],
    ["Basic that is no base64", "Basic %%%"],
    ["a token as the user name", `Basic ${Buffer.from(`${ADMIN_TOKEN}:x`).toString("base64")}`],
    ["a repo token without a payload", "Bearer hf_jwt_abc"],
    ["a repo token with a payload that is no JSON", "Bearer hf_jwt_a.b.c"],
    ["a repo token whose payload is null", `Bearer hf_jwt_a.${Buffer.from("null").toString("base64url")}.c`],
  ])("refuses %s with the exact words that clients know", async (_name, authorization) => {
    const answer = await whoami(authorization);
    expect([answer.status, answer.json.error]).toEqual([401, "Invalid credentials in Authorization header"]);
    expect(answer.headers.get("www-authenticate")).toContain("Basic");
  });

  it("refuses a repo token whose signature was changed although its id is known", async () => {
    const token = await stage.exchanged("repo");
    const forged = `${token.slice(0, -4)}${token.endsWith("AAAA") ? "BBBB" : "AAAA"}`;
    expect((await whoami(`Bearer ${forged}`)).status).toBe(401);
    expect((await whoami(`Bearer ${token}`)).status).toBe(200);
  });

  it("refuses an exchanged token from the second on at which it expires", async () => {
    await stage.user("ada");
    const tokens = [await stage.exchanged("repo"), await stage.exchanged("ada")];
    stage.clock.time = addSeconds(START, 3599);
    for (const token of tokens) expect((await whoami(`Bearer ${token}`)).status).toBe(200);
    stage.clock.time = addSeconds(START, 3600);
    for (const token of tokens) expect((await whoami(`Bearer ${token}`)).status).toBe(401);
  });

  it("refuses every credential of a locked user", async () => {
    const ada = await stage.user("ada");
    const job = await stage.exchanged("ada");
    stage.database.connection.exec(`update accounts set locked_at = ${START} where name = 'ada'`);
    for (const token of [ada, job]) expect((await whoami(`Bearer ${token}`)).status).toBe(401);
  });

  it("asks a stranger to log in", async () => {
    const answer = await stage.call("GET", "/api/whoami-v2");
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="postern"']);
  });
});

describe("revocation", () => {
  it.each(["repo", "ada", "personal"])(
    "by /oauth/revoke ends a token of kind %s at once, once, with one audit entry",
    async (kind) => {
      const personal = await stage.user("ada");
      const token = kind === "personal" ? personal : await stage.exchanged(kind);
      expect((await whoami(`Bearer ${token}`)).status).toBe(200);
      const before = (await stage.entries()).length;
      for (const _again of [1, 2]) expect((await revoke(new URLSearchParams({ token }))).status).toBe(200);
      expect((await whoami(`Bearer ${token}`)).status).toBe(401);
      const entries = (await stage.entries()).slice(before);
      expect(entries.map(({ event, outcome }) => [event, outcome])).toEqual([["token.revoke", "allowed"]]);
      expect(JSON.stringify(entries)).not.toContain(token);
      expect(await stage.gatekeeper.isTokenLive(entries[0]?.actor_token_id ?? "")).toBe(false);
    },
  );

  it("by /oauth/revoke answers 200 for anything that might be a token, and 400 for no token or two", async () => {
    const before = await stage.entries();
    expect((await revoke(new URLSearchParams({ token: "hf_unknownunknown", token_type_hint: "x" }))).status).toBe(200);
    expect((await revoke(new URLSearchParams({ token: "garbage" }))).status).toBe(200);
    expect((await revoke(new URLSearchParams({ tokens: "x" }))).json.error).toBe("invalid_request");
    expect((await revoke(new URLSearchParams("token=a&token=b"))).json.error).toBe("invalid_request");
    expect(await stage.entries()).toEqual(before);
  });

  it("by /api/credentials/revoke takes several of any kind and always answers 202", async () => {
    const personal = await stage.user("ada");
    const credentials = [personal, await stage.exchanged("repo"), "hf_unknownunknown", "", 7];
    for (const body of [{ credentials }, { credentials }, { credentials: "x" }, {}, []])
      expect((await stage.call("POST", "/api/credentials/revoke", undefined, body)).status).toBe(202);
    for (const token of credentials.slice(0, 2)) expect((await whoami(`Bearer ${token}`)).status).toBe(401);
    expect((await stage.entries()).filter(({ event }) => event === "token.revoke")).toHaveLength(2);
  });

  it("of a publisher's token leaves the token of another job alone", async () => {
    await stage.user("ada");
    const first = await stage.exchanged("repo");
    const second = await stage.exchanged("ada");
    await revoke(new URLSearchParams({ token: first }));
    expect((await whoami(`Bearer ${second}`)).status).toBe(200);
  });
});

describe("what the hub asks", () => {
  it("knows accounts in any case and answers with the stored spelling", async () => {
    await stage.user("Ada");
    expect(await stage.gatekeeper.findAccount("aDA")).toBe("Ada");
    expect(await stage.gatekeeper.findAccount("nobody")).toBeUndefined();
  });

  it("knows whether a token lives", async () => {
    expect(await stage.gatekeeper.isTokenLive("no-such-id")).toBe(false);
    const principal = await stage.gatekeeper.identify(`Bearer ${await stage.exchanged("repo")}`);
    if (principal.kind !== "repo-workload") throw new Error(principal.kind);
    expect(await stage.gatekeeper.isTokenLive(principal.tokenId)).toBe(true);
    stage.clock.time = principal.expiresAt;
    expect(await stage.gatekeeper.isTokenLive(principal.tokenId)).toBe(false);
  });
});

describe("what anybody may read", () => {
  it("publishes the key that a repo token verifies with, offline", async () => {
    const token = await stage.exchanged("repo");
    const { json, headers } = await stage.send("/oauth/jwks", {});
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(JSON.stringify(json)).not.toContain('"d"');
    const jwks = createLocalJWKSet({ keys: [...stage.keyRing.jwks.keys] });
    // The key that signs who makes commits stands beside it, and is another one.
    expect(json.keys).toHaveLength(stage.keyRing.jwks.keys.length + 1);
    expect(json.keys).toEqual(expect.arrayContaining([...stage.keyRing.jwks.keys]));
    const { payload, protectedHeader } = await jwtVerify(token.slice("hf_jwt_".length), jwks, {
      issuer: PUBLIC_URL,
      audience: PUBLIC_URL,
      currentDate: new Date(START * 1000),
    });
    expect(protectedHeader).toEqual({ alg: "ES256", kid: stage.keyRing.current.kid, typ: "JWT" });
    expect(payload).toMatchObject({
      sub: "models/acme/train",
      scope: "repo:write",
      repo_id: "repo-1",
      publisher_id: "p-repo",
    });
    expect([payload.iat, payload.nbf, payload.exp]).toEqual([START, START, START + 3600]);
  });

  it("tells where the endpoints are", async () => {
    const { json } = await stage.send("/.well-known/openid-configuration", {});
    expect(json).toMatchObject({
      issuer: PUBLIC_URL,
      token_endpoint: `${PUBLIC_URL}/oauth/token`,
      jwks_uri: `${PUBLIC_URL}/oauth/jwks`,
      revocation_endpoint: `${PUBLIC_URL}/oauth/revoke`,
      grant_types_supported: ["urn:ietf:params:oauth:grant-type:token-exchange"],
    });
  });

  it("answers the stock CLI's question about harnesses with nothing", async () => {
    expect((await stage.call("GET", "/api/agent-harnesses")).json).toEqual({ standardEnvVars: [], harnesses: {} });
  });
});

function whoami(authorization: string): Promise<Answer> {
  return stage.send("/api/whoami-v2", { headers: { authorization } });
}

function revoke(form: URLSearchParams): Promise<Answer> {
  return stage.send("/oauth/revoke", { method: "POST", body: form });
}
