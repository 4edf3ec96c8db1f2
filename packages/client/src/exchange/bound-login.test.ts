import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { exchanged, KeylessWorld } from "../../testing/keyless-world.ts";
import { type Behaviour, LocalServer, type Received } from "../../testing/local-server.ts";
import { createClient } from "../adapters/node-client.ts";
import type { FetchFunction } from "../runtime/runtime.ts";

const TOKEN = "hf_jwt_bound";
let world: KeylessWorld;
/** What the hub answers outside `/oauth/token`. */
let answer: (request: Received) => Behaviour;
/** What it answers there. */
let exchange: (request: Received, n: number) => Behaviour;

beforeEach(async () => {
  world = await KeylessWorld.start();
  answer = () => ({ body: {} });
  exchange = () => ({ body: exchanged(TOKEN, { token_type: "DPoP" }) });
  let exchanges = 0;
  world.hub.behave = (request) =>
    request.url.pathname === "/oauth/token" ? exchange(request, exchanges++) : answer(request);
});
afterEach(async () => world[Symbol.asyncDispose]());

const notes: string[] = [];
function client() {
  notes.length = 0;
  return createClient({
    environment: world.githubJob(),
    sleep: async () => undefined,
    writeDiagnostic: (line) => void notes.push(line),
  });
}

async function provingFetch(): Promise<FetchFunction> {
  const resolution = await client().resolveToken({ dpop: true });
  if (resolution.kind !== "token" || resolution.source !== "oidc") throw new Error("no keyless login");
  if (resolution.prove === undefined) throw new Error("the token was not bound");
  expect(resolution.token).toBe(TOKEN);
  return resolution.prove(fetch);
}

interface Proof {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

function proofIn(request: Received | undefined): Proof {
  const [header = "", claims = ""] = String(request?.headers.dpop).split(".");
  const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
  return { header: decode(header), claims: decode(claims) };
}

function requestsTo(path: string, server: LocalServer = world.hub): readonly Received[] {
  return server.received.filter(({ url }) => url.pathname === path);
}

const BEARER = { headers: { authorization: `Bearer ${TOKEN}` } };

describe("a token that is bound to a key of this process", () => {
  it("leaves with the scheme DPoP and a proof of method, address and token, a new one for each request", async () => {
    const send = await provingFetch();
    await send(`${world.hub.origin}/api/x?expand=sha#part`, { ...BEARER, method: "post", body: "{}" });
    await send(`${world.hub.origin}/api/x`, BEARER);
    const [first, second] = requestsTo("/api/x");
    expect(first?.headers.authorization).toBe(`DPoP ${TOKEN}`);
    expect(first?.body).toBe("{}");
    expect(proofIn(first)).toMatchObject({
      header: { typ: "dpop+jwt", alg: "ES256", jwk: { kty: "EC", crv: "P-256" } },
      claims: {
        htm: "POST",
        htu: `${world.hub.origin}/api/x`,
        ath: createHash("sha256").update(TOKEN).digest("base64url"),
      },
    });
    expect(proofIn(first).header.jwk).not.toHaveProperty("d");
    expect(proofIn(second).claims.jti).not.toBe(proofIn(first).claims.jti);
    expect(proofIn(second).claims.htm).toBe("GET");
  });

  it.each<[string, { readonly headers?: Record<string, string> }]>([
    ["without credentials", {}],
    ["with another token", { headers: { authorization: "Bearer hf_other" } }],
  ])("leaves a request %s as it is, such as one to a signed URL", async (_what, init) => {
    await (await provingFetch())(`${world.hub.origin}/api/lfs/objects/1?ticket=t`, { ...init, method: "PUT" });
    const [sent] = requestsTo("/api/lfs/objects/1");
    expect(sent?.headers.dpop).toBeUndefined();
    expect(sent?.headers.authorization).toBe(new Headers(init.headers).get("authorization") ?? undefined);
  });

  it("proves each address of a redirect, as the method that fetch would use", async () => {
    answer = ({ url }) =>
      url.pathname === "/old"
        ? { status: 307, headers: { location: "/middle" } }
        : url.pathname === "/middle"
          ? { status: 303, headers: { location: "/new?x=1" } }
          : { body: { found: true } };
    const response = await (await provingFetch())(`${world.hub.origin}/old`, { ...BEARER, method: "POST", body: "b" });
    expect(await response.json()).toEqual({ found: true });
    expect(response.url).toBe(`${world.hub.origin}/new?x=1`);
    const [middle, last] = [requestsTo("/middle")[0], requestsTo("/new")[0]];
    expect([middle?.body, proofIn(middle).claims]).toMatchObject([
      "b",
      { htm: "POST", htu: `${world.hub.origin}/middle` },
    ]);
    expect([last?.body, proofIn(last).claims]).toMatchObject(["", { htm: "GET", htu: `${world.hub.origin}/new` }]);
  });

  it("shows neither token nor proof to another server that it is sent to", async () => {
    await using other = await LocalServer.start(() => ({ body: "bytes" }));
    answer = () => ({ status: 302, headers: { location: `${other.origin}/file` } });
    const response = await (await provingFetch())(`${world.hub.origin}/resolve`, BEARER);
    expect(await response.text()).toBe("bytes");
    const [sent] = requestsTo("/file", other);
    expect([sent?.headers.authorization, sent?.headers.dpop]).toEqual([undefined, undefined]);
  });

  it("takes the server's nonce, and asks again with it when it was refused for want of one", async () => {
    answer = (request) =>
      proofIn(request).claims.nonce === "n-1"
        ? { body: { ok: true } }
        : { status: 401, headers: { "dpop-nonce": "n-1", "www-authenticate": 'DPoP error="use_dpop_nonce"' } };
    const send = await provingFetch();
    expect((await send(`${world.hub.origin}/api/x`, BEARER)).status).toBe(200);
    expect((await send(`${world.hub.origin}/api/x`, BEARER)).status).toBe(200);
    expect(requestsTo("/api/x")).toHaveLength(3);
  });

  it("is not what getToken gives, whatever it was asked for", async () => {
    exchange = (request) => ({ body: exchanged(request.headers.dpop === undefined ? "hf_jwt_plain" : TOKEN) });
    const one = client();
    await one.resolveToken({ dpop: true });
    expect(await one.getToken({ dpop: true })).toBe("hf_jwt_plain");
  });
});

describe("an exchange with a proof", () => {
  it("is repeated with a new proof after 503", async () => {
    const late = exchange;
    exchange = (request, n) => (n === 0 ? { status: 503, body: {} } : late(request, n));
    await provingFetch();
    const [first, second] = requestsTo("/oauth/token");
    expect(proofIn(first).claims).toMatchObject({ htm: "POST", htu: `${world.hub.origin}/oauth/token` });
    expect(proofIn(first).claims).not.toHaveProperty("ath");
    expect(proofIn(second).claims.jti).not.toBe(proofIn(first).claims.jti);
  });

  it("is repeated with the nonce that the server wants", async () => {
    const late = exchange;
    exchange = (request, n) =>
      n === 0 ? { status: 400, headers: { "dpop-nonce": "n-1" }, body: { error: "use_dpop_nonce" } } : late(request, n);
    await provingFetch();
    expect(proofIn(requestsTo("/oauth/token")[1]).claims.nonce).toBe("n-1");
  });

  it("gives a bearer token where the server knows nothing of proofs", async () => {
    exchange = () => ({ body: exchanged(TOKEN) });
    expect(await client().resolveToken({ dpop: true })).toEqual({
      kind: "token",
      token: TOKEN,
      source: "oidc",
      resource: "acme/model",
    });
    expect(requestsTo("/oauth/token")).toHaveLength(1);
  });

  it("goes on without one, and says so, when the server refuses the proof", async () => {
    exchange = ({ headers }) =>
      headers.dpop === undefined
        ? { body: exchanged(TOKEN) }
        : { status: 400, body: { error: "invalid_dpop_proof", error_description: "iat is too far away" } };
    expect(await client().resolveToken({ dpop: true })).not.toHaveProperty("prove");
    expect(notes).toContain("note: the token is not bound to this machine: iat is too far away");
  });

  it("is not repeated without one after any other refusal", async () => {
    exchange = () => ({ status: 400, body: { error: "invalid_grant", error_description: "no publisher" } });
    await expect(client().resolveToken({ dpop: true })).rejects.toMatchObject({ code: "exchange_refused" });
    expect(requestsTo("/oauth/token")).toHaveLength(1);
  });

  it.each(["https://huggingface.co", "https://hub-ci.huggingface.co"])("is not sent to %s", async (endpoint) => {
    const seen: Headers[] = [];
    const one = createClient({
      environment: {
        HF_ENDPOINT: endpoint,
        HF_OIDC_RESOURCE: "acme/model",
        HF_OIDC_ID_TOKEN: idToken({ aud: endpoint }),
      },
      fetch: async (_input, init) => {
        seen.push(new Headers(init?.headers));
        return Response.json(exchanged(TOKEN));
      },
    });
    expect(await one.resolveToken({ dpop: true })).not.toHaveProperty("prove");
    expect(seen.map((headers) => headers.has("dpop"))).toEqual([false]);
  });
});
