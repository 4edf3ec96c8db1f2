import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  AUDIENCE,
  type ExchangeStage,
  knownRepo,
  openStage,
  person,
  START,
  type WireAnswer,
} from "../token-exchange/exchange-stage.contract.ts";
import {
  ecKey,
  type IssuerKeyPair,
  type LocalIssuer,
  publicJwk,
  rsaKey,
  signToken,
  startIssuer,
} from "../token-exchange/local-issuer.contract.ts";

let key: IssuerKeyPair;
let stage: ExchangeStage;
/** Listens where the issuer's URL points, so that any attempt to ask it is seen at the socket. */
let listener: LocalIssuer;

beforeAll(async () => {
  key = rsaKey("k1");
  stage = await openStage();
  stage.principals.set("root", person("root", { isAdmin: true }));
  stage.principals.set("ada", person("ada"));
  stage.repos.push(knownRepo("acme/m"));
});
afterAll(() => stage.close());
beforeEach(async () => {
  listener = await startIssuer([key], `/${randomUUID()}`);
});
afterEach(() => listener.close());

function add(jwks: unknown, changes: Record<string, unknown> = {}, token = "root"): Promise<WireAnswer> {
  const { url, origin } = listener;
  return stage.call("POST", "/issuers", token, { provider: "custom", url, allow_origins: [origin], jwks, ...changes });
}

function exchange(signer: IssuerKeyPair, kid = signer.kid): Promise<WireAnswer> {
  const claims = {
    iss: listener.url,
    aud: AUDIENCE,
    sub: "robot",
    jti: randomUUID(),
    iat: START,
    exp: START + 300,
  };
  return stage.exchange(signToken(signer, claims, { alg: "RS256", typ: "JWT", kid }), "acme/m");
}

const publish = () =>
  stage.addPublisher({ resource: "acme/m", provider: "custom", issuer: listener.url, claims: { sub: "robot" } });

describe("POST /issuers with jwks", () => {
  it("takes a token by uploaded keys and opens no connection", async () => {
    const answer = await add({ keys: [publicJwk(key)] });
    expect(answer.status, JSON.stringify(answer.json)).toBe(201);
    await publish();
    expect((await exchange(key)).status).toBe(200);
    expect((await exchange(rsaKey("other"))).json).toMatchObject({ code: "TP1301" });
    expect((await exchange(rsaKey("forged"), "k1")).json).toMatchObject({ code: "TP1302" });
    expect(listener.connections()).toBe(0);
  });

  it("stores and shows the public members of usable keys only, and writes down their digest", async () => {
    const odd = { ...publicJwk(key), x5c: ["AA"], comment: "mine" };
    const { json } = await add({ keys: [odd, publicJwk(ecKey("x", "P-384")), { kty: "EC", crv: "secp256k1" }] });
    const { n, e } = publicJwk(key);
    expect(json.jwks).toMatchObject({
      keys: [{ kty: "RSA", n, e, alg: "RS256", use: "sig", kid: "k1" }, { kid: "x" }],
    });
    expect(JSON.stringify(json.jwks)).not.toMatch(/x5c|comment|secp256k1/);
    expect((await stage.auditEvents()).at(-1)).toMatchObject({
      event: "issuer.add",
      detail: { key_set_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it.each<readonly [string, () => unknown]>([
    ["no object", () => "keys"],
    ["null", () => null],
    ["no list", () => ({ keys: {} })],
    ["no keys", () => ({ keys: [] })],
    ["a private key", () => ({ keys: [{ ...publicJwk(key), ...key.privateKey.export({ format: "jwk" }) }] })],
    ["a symmetric key beside a good one", () => ({ keys: [publicJwk(key), { kty: "oct", k: "AAAA" }] })],
    ["small RSA", () => ({ keys: [publicJwk(rsaKey("s", 1024))] })],
    ["one kid twice", () => ({ keys: [publicJwk(rsaKey("t")), publicJwk(rsaKey("t"))] })],
    ["a key for encryption", () => ({ keys: [{ ...publicJwk(key), use: "enc" }] })],
    ["too many keys", () => ({ keys: Array.from({ length: 51 }, () => publicJwk(key)) })],
    ["a deep document", () => ({ keys: [[[[[[[[[]]]]]]]]] })],
  ])("refuses %s", async (_what, jwks) => {
    const answer = await add(jwks());
    expect(answer.json).toMatchObject({ code: "invalid_field", field: "/jwks", remedy: expect.stringMatching(/./) });
    // A private key that somebody sent by mistake is not sent back.
    expect(JSON.stringify(answer.json)).not.toContain(String(key.privateKey.export({ format: "jwk" }).d));
    expect(listener.connections()).toBe(0);
  });

  it("refuses keys of algorithms that the provider does not use", async () => {
    const answer = await add({ keys: [publicJwk(ecKey("e", "P-256"))] }, { provider: "github" });
    expect(answer.json).toMatchObject({ field: "/jwks", error: expect.stringContaining("RS256") });
  });

  it("still wants https, an administrator and a host that is no other provider's", async () => {
    const jwks = { keys: [publicJwk(key)] };
    expect((await add(jwks, { allow_origins: [] })).json).toMatchObject({ field: "/url" });
    expect((await add(jwks, {}, "ada")).status).toBe(403);
    expect((await add(jwks, { url: "https://gitlab.com/x" })).json).toMatchObject({ field: "/provider" });
  });
});

describe("PATCH /issuers/{id}", () => {
  it("replaces uploaded keys: the new one counts at once, the old one no more", async () => {
    const { id } = (await add({ keys: [publicJwk(key)] })).json;
    await publish();
    expect((await exchange(key)).status).toBe(200);
    const next = rsaKey("k2");
    const changed = await stage.call("PATCH", `/issuers/${id}`, "root", { jwks: { keys: [publicJwk(next)] } });
    expect(changed.status).toBe(200);
    expect((await exchange(next)).status).toBe(200);
    expect((await exchange(key)).json).toMatchObject({ code: "TP1301" });
    expect((await stage.auditEvents()).some(({ event }) => event === "issuer.change")).toBe(true);
    expect(listener.connections()).toBe(0);
  });

  it("is for administrators, for uploaded keys, and takes nothing else", async () => {
    const jwks = { keys: [publicJwk(key)] };
    const { id } = (await add(jwks)).json;
    expect((await stage.call("PATCH", `/issuers/${id}`, "ada", { jwks })).status).toBe(403);
    expect((await stage.call("PATCH", "/issuers/none", "root", { jwks })).status).toBe(404);
    expect((await stage.call("PATCH", `/issuers/${id}`, "root", { jwks, url: "https://x.example" })).status).toBe(400);
    expect((await stage.call("PATCH", `/issuers/${id}`, "root", { jwks: {} })).json).toMatchObject({ field: "/jwks" });
    const fetched = await stage.addIssuer("custom", "https://issuer.example");
    expect((await stage.call("PATCH", `/issuers/${fetched.id}`, "root", { jwks })).status).toBe(409);
  });
});
