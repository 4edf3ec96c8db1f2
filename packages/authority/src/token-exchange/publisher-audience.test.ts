import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AUDIENCE,
  type ExchangeStage,
  knownRepo,
  openStage,
  person,
  START,
  type WireAnswer,
} from "./exchange-stage.contract.ts";
import { type IssuerKeyPair, type LocalIssuer, rsaKey, signToken, startIssuer } from "./local-issuer.contract.ts";

const OID = "3f5c0000-1111-4222-8333-444455556666";
const TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const API = "api://hub.example/postern";
const CLAIMS = { oid: OID, tid: TENANT };

let key: IssuerKeyPair;
let entra: LocalIssuer;
let stage: ExchangeStage;
let serial = 0;

beforeAll(async () => {
  key = rsaKey("k1");
  entra = await startIssuer([key]);
  stage = await openStage();
  stage.principals.set("root", person("root", { isAdmin: true }));
  stage.principals.set("ada", person("ada", { isAdmin: true }));
  for (const repo of ["acme/api", "acme/plain", "acme/empty"]) stage.repos.push(knownRepo(repo));
  const issuer = { provider: "azure", url: entra.url, allow_origins: [entra.origin] };
  expect((await stage.call("POST", "/issuers", "root", issuer)).status).toBe(201);
  for (const [repo, audience] of [
    ["acme/api", API],
    ["acme/plain", undefined],
  ] as const)
    expect((await add(repo, { audience })).status).toBe(201);
});
afterAll(async () => {
  await stage.close();
  await entra.close();
});

function add(repo: string, changes: Readonly<Record<string, unknown>>): Promise<WireAnswer> {
  const body = { provider: "azure", issuer: entra.url, claims: CLAIMS, ...changes };
  return stage.call("POST", `/models/${repo}/publishers`, "ada", body);
}

function token(aud: unknown, changes: Readonly<Record<string, unknown>> = {}): string {
  serial += 1;
  const times = { iat: START, nbf: START, exp: START + 86_400 };
  return signToken(key, {
    iss: entra.url,
    aud,
    sub: OID,
    ...CLAIMS,
    uti: `uti-${serial}`,
    ver: "1.0",
    ...times,
    ...changes,
  });
}

describe("a token for an audience of its provider's own", () => {
  it("counts for the publisher that names its audience, and for no other", async () => {
    expect((await stage.exchange(token(API), "acme/api")).status).toBe(200);
    expect((await stage.exchange(token([API]), "acme/api")).status).toBe(200);
    expect((await stage.exchange(token(AUDIENCE), "acme/plain")).status).toBe(200);
    expect((await stage.exchange(token(API), "acme/plain")).json).toMatchObject({ code: "TP1501" });
    expect((await stage.exchange(token(AUDIENCE), "acme/api")).json).toMatchObject({ code: "TP1501" });
  });

  it.each([
    `${API}/`,
    API.toUpperCase(),
    "api://hub.example",
    "https://management.azure.com/",
    "00000003-0000-0000-c000-000000000000",
  ])(
    "is refused for %s although everything else fits, and whoever proved the id learns what is expected",
    async (aud) => {
      const { json } = await stage.exchange(token(aud), "acme/api");
      expect(json).toMatchObject({
        code: "TP1501",
        error_description: expect.stringContaining(`expects ${API}, got ${aud}`),
      });
    },
  );

  it.each([[API, AUDIENCE], [API, "https://other.example"], [], [""], 7, undefined, [[API]]].map((aud) => [aud]))(
    "is refused for %j: one audience, as text",
    async (aud) => {
      const { json } = await stage.exchange(token(aud), "acme/api");
      expect(json.code).toMatch(/^TP150[23]$/);
    },
  );

  it("tells a stranger of the tenant one and the same, whatever publishers there are", async () => {
    const answers = [];
    for (const repo of ["acme/api", "acme/plain", "acme/empty", "acme/missing"]) {
      const { status, json } = await stage.exchange(token(API, { oid: TENANT, uti: `stranger-${repo}` }), repo);
      answers.push({ status, ...json, request_id: "" });
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ code: "TP1501" });
  });
});

describe("the audience of a publisher", () => {
  it("tells two publishers apart that are equal otherwise", async () => {
    const other = `${API}-2`;
    stage.repos.push(knownRepo("acme/both"));
    for (const audience of [API, other, undefined]) expect((await add("acme/both", { audience })).status).toBe(201);
    for (const audience of [API, other, undefined]) expect((await add("acme/both", { audience })).status).toBe(409);
    for (const aud of [API, other, AUDIENCE]) expect((await stage.exchange(token(aud), "acme/both")).status).toBe(200);
  });

  it("is shown, and written down", async () => {
    const { json } = await stage.call("GET", "/models/acme/api/publishers", "ada");
    expect(json.publishers).toMatchObject([{ audience: API }]);
    expect(
      (await stage.auditEvents()).some(({ detail }) => JSON.stringify(detail).includes(`"audience":"${API}"`)),
    ).toBe(true);
  });

  it.each([
    ["another provider's", { provider: "custom", audience: API, claims: { sub: "x" } }],
    ["one of Microsoft's own services", { audience: "https://graph.microsoft.com" }],
    ["one that federates everywhere", { audience: "api://AzureADTokenExchange" }],
    ["an empty one", { audience: "" }],
    ["a list", { audience: [API] }],
    ["null", { audience: null }],
  ])("is refused when it is %s", async (_what, changes) => {
    expect((await add("acme/empty", changes)).json).toMatchObject({
      code: "invalid_field",
      field: "/audience",
      remedy: expect.stringMatching(/./),
    });
  });
});

describe("Entra's own token id", () => {
  it("stands in for jti: one token has fifty uses, at one repo", async () => {
    const subject = token(API);
    for (let use = 0; use < 50; use += 1) expect((await stage.exchange(subject, "acme/api")).status).toBe(200);
    expect((await stage.exchange(subject, "acme/api")).json).toMatchObject({ code: "TP1602" });
  });

  it("is one token however it is signed again", async () => {
    const again = { uti: "the-same" };
    for (let use = 0; use < 50; use += 1) await stage.exchange(token(API, again), "acme/api");
    expect((await stage.exchange(token(API, again), "acme/api")).json).toMatchObject({ code: "TP1602" });
  });

  it("must be text where it is sent", async () => {
    expect((await stage.exchange(token(API, { uti: 7 }), "acme/api")).json).toMatchObject({ code: "TP1107" });
  });

  it("does not make a token live longer than a day", async () => {
    const old = { iat: START - 86_431, nbf: START - 86_431 };
    expect((await stage.exchange(token(API, old), "acme/api")).json).toMatchObject({ code: "TP1404" });
  });
});
