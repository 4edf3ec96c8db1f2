import { createClient } from "@postern/client";
import type { JobOptions, SimulatedProviderId, TokenRequest } from "@postern/simulator";
import { decodeJwt, type JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { posternCommand, runCommand } from "../harness/run-command.ts";
import { type Answer, type RunningHub, startHub } from "../harness/running-hub.ts";

/** What differs between the workloads, as a person would write it down for each of them. */
interface Row {
  readonly provider: SimulatedProviderId;
  /** What the publisher pins: a claim, or a JSON pointer into nested ones, with the values of the default workload. */
  readonly pinned: readonly string[];
  /** Pins that fit by name only. */
  readonly names: readonly string[];
  /** Moves the workload away from what is pinned, without touching its ids. */
  readonly otherwise: TokenRequest["claims"] & object;
  readonly otherwiseSays: RegExp;
  /** Other ids under the same names: what was deleted and made again by somebody else. */
  readonly resurrected: TokenRequest["claims"] & object;
  readonly uses: number;
  readonly replayCode: string;
  readonly maxAgeSeconds: number;
  readonly withoutToken: string;
  readonly audience?: string;
  readonly claims?: TokenRequest["claims"];
}

const K8S = "/kubernetes.io";
const AWS = "/https:~1~1sts.amazonaws.com~1";
const STRANGER = "00000000-0000-4000-8000-000000000000";
const ENTRA = {
  provider: "azure",
  pinned: ["oid", "tid", "xms_mirid"],
  names: ["xms_mirid"],
  otherwise: { xms_mirid: "/subscriptions/other" },
  otherwiseSays: /xms_mirid: expected .*, got \/subscriptions\/other/,
  resurrected: { oid: STRANGER },
  uses: 50,
  replayCode: "TP1602",
  maxAgeSeconds: 86_400,
} as const;

const ROWS: Readonly<Record<string, Row>> = {
  kubernetes: {
    provider: "kubernetes",
    pinned: [`${K8S}/serviceaccount/uid`, `${K8S}/namespace`, `${K8S}/node/name`, "sub"],
    names: [`${K8S}/namespace`, `${K8S}/serviceaccount/name`],
    otherwise: { [`${K8S}/node/name`]: "node-2" },
    otherwiseSays: /\/kubernetes.io\/node\/name: expected node-1, got node-2/,
    resurrected: { [`${K8S}/serviceaccount/uid`]: STRANGER },
    uses: 10,
    replayCode: "TP1602",
    maxAgeSeconds: 3600,
    withoutToken: "mint_variable_missing",
  },
  "google cloud": {
    provider: "gcp",
    pinned: ["sub", "email_verified", "/google/compute_engine/project_number"],
    names: ["email", "/google/compute_engine/project_id"],
    otherwise: { "/google/compute_engine/project_number": 1 },
    otherwiseSays: /project_number: expected \d+, got 1/,
    resurrected: { sub: "999999999999999999999" },
    uses: 10,
    replayCode: "TP1602",
    maxAgeSeconds: 3600,
    withoutToken: "mint_failed",
  },
  aws: {
    provider: "aws",
    pinned: [`${AWS}/aws_account`, "sub", `${AWS}/principal_tags/team`],
    names: ["sub"],
    otherwise: { [`${AWS}/principal_tags/team`]: "finance" },
    otherwiseSays: /team: expected ml, got finance/,
    resurrected: { [`${AWS}/aws_account`]: "999999999999" },
    uses: 1,
    replayCode: "TP1601",
    maxAgeSeconds: 3600,
    withoutToken: "mint_failed",
  },
  "azure, managed identity": { ...ENTRA, audience: "api://hub.example/postern", withoutToken: "mint_failed" },
  "azure, federated pod": {
    ...ENTRA,
    audience: "6e74172b-be56-4843-9ff4-e66a39bb12e3",
    claims: { ver: "2.0" },
    withoutToken: "mint_variable_missing",
  },
};

let hub: RunningHub;
let secondsBack = 0;

beforeAll(async () => {
  hub = await startHub();
  await hub.user("acme");
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

function jobOf(row: Row, resource: string, options: Partial<JobOptions> = {}) {
  return hub.simulator.jobEnvironment(row.provider, {
    parentEnv: process.env,
    audiences: [hub.url],
    ...options,
    claims: { ...row.claims, ...options.claims },
    env: {
      HF_ENDPOINT: hub.url,
      HF_OIDC_RESOURCE: resource,
      NO_COLOR: "1",
      ...(row.audience === undefined ? {} : { HF_OIDC_AUDIENCE: row.audience }),
      ...options.env,
    },
  });
}

/** A token as the workload gets it through our client; no two of one second, which could be the same text. */
async function minted(row: Row, options: Partial<JobOptions> = {}): Promise<string> {
  secondsBack += 1;
  const iat = Math.floor(Date.now() / 1000) - secondsBack;
  await using job = await jobOf(row, "acme/x", { ...options, claims: { iat, ...options.claims } });
  return await createClient({ environment: job.variables }).getOidcToken();
}

async function refused(answer: Promise<Answer>, code: string): Promise<Answer> {
  const got = await answer;
  expect(got.json?.code, got.text).toBe(code);
  return got;
}

/** The value of a claim or JSON pointer, as a publisher names it. */
function claimAt(claims: JWTPayload, name: string): unknown {
  if (!name.startsWith("/")) return claims[name];
  return name
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((value, part) => Object(value)[part], claims);
}

describe.each(Object.entries(ROWS))("a workload on %s", (title, row) => {
  const repo = `acme/${title.replaceAll(/\W+/g, "-")}`;
  const other = `${repo}-other`;
  // Where the audience is the publisher's own, whoever proves no id is told about the audience alone.
  const strangerCode = row.audience === undefined ? "TP1701" : "TP1501";
  let claims: JWTPayload;
  const pin = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, claimAt(claims, name)]));
  const publisher = (names: readonly string[], changes: Readonly<Record<string, unknown>> = {}) => ({
    provider: row.provider,
    issuer: claims.iss,
    claims: pin(names),
    ...(row.audience === undefined ? {} : { audience: row.audience }),
    ...changes,
  });

  beforeAll(async () => {
    claims = decodeJwt(await minted(row));
    const body = { provider: row.provider, url: claims.iss, allow_origins: [hub.simulator.origin] };
    const believed = await hub.call("POST", "/api/postern/v1/issuers", { token: hub.adminToken, body });
    expect(believed.status, believed.text).toBe(201);
    for (const name of [repo, other]) {
      await hub.repo(name);
      const added = await hub.publisher(`models/${name}`, publisher(row.pinned));
      expect(added.status, added.text).toBe(201);
    }
  });

  it("logs in with the library and with the command, and no token is seen", async () => {
    await using job = await jobOf(row, repo);
    expect(await createClient({ environment: job.variables }).getToken()).toMatch(/^hf_jwt_/);
    await using again = await jobOf(row, repo);
    const [node, postern] = posternCommand;
    const shown = await runCommand(node, [postern, "auth", "token"], { env: { ...again.variables } });
    expect(shown.stderr).not.toMatch(/eyJ|hf_jwt_/);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^hf_jwt_\S+\n$/) });
  });

  it("logs in by a token that somebody else put into HF_OIDC_ID_TOKEN", async () => {
    const environment = { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: repo, HF_OIDC_ID_TOKEN: await minted(row) };
    expect(await createClient({ environment }).getToken()).toMatch(/^hf_jwt_/);
  });

  it("is explained claim by claim when a pinned claim differs", async () => {
    const answer = await refused(hub.exchange(await minted(row, { claims: row.otherwise }), repo), "TP1810");
    expect(JSON.stringify(answer.json.errors)).toMatch(row.otherwiseSays);
  });

  it("learns nothing when only its names fit, because it was made again by somebody else", async () => {
    const token = await minted(row, { claims: row.resurrected });
    const answer = await refused(hub.exchange(token, repo), strangerCode);
    for (const value of Object.values(pin(row.pinned.slice(0, 1)))) expect(answer.text).not.toContain(String(value));
  });

  it("is refused as another identity of the same cloud", async () => {
    await refused(hub.exchange(await minted(row, { scenario: "fork-pull-request" }), repo), strangerCode);
  });

  it("cannot use its token for another service, or for two", async () => {
    const of = (audience: string | readonly string[]) =>
      hub.simulator.issueToken(row.provider, { audience, claims: { ...row.claims } });
    await refused(hub.exchange(await of("https://other.example"), repo), "TP1501");
    await refused(hub.exchange(await of([row.audience ?? hub.url, "https://sister.example"]), repo), "TP1503");
  });

  it("may come back with one token as often as its provider needs, and no more, and to one repo", async () => {
    const token = await minted(row);
    expect((await hub.exchange(token, repo)).status).toBe(200);
    await refused(hub.exchange(token, other), row.replayCode);
    for (let use = 1; use < row.uses; use += 1) expect((await hub.exchange(token, repo)).status).toBe(200);
    await refused(hub.exchange(token, repo), row.replayCode);
  });

  it("cannot use a token that is too old, whatever its exp says", async () => {
    const iat = Math.floor(Date.now() / 1000) - row.maxAgeSeconds - 40;
    const old = { ...row.claims, iat, exp: iat + row.maxAgeSeconds * 3 };
    const token = await hub.simulator.issueToken(row.provider, { audience: row.audience ?? hub.url, claims: old });
    await refused(hub.exchange(token, repo), "TP1404");
  });

  it("cannot be trusted by its names alone", async () => {
    const answer = await hub.publisher(`models/${repo}`, publisher(row.names));
    expect(answer.status, answer.text).toBe(422);
  });

  it("is told what it lacks when it gets no token", async () => {
    await using job = await jobOf(row, repo, { scenario: "no-id-token" });
    await expect(createClient({ environment: job.variables }).getToken()).rejects.toMatchObject({
      code: row.withoutToken,
    });
  });
});

describe("Kubernetes", () => {
  it("refuses legacy tokens of secrets: no issuer URL, no audience, no end", async () => {
    const of = (claims: TokenRequest["claims"] & object) =>
      hub.simulator.issueToken("kubernetes", { audience: [hub.url], claims });
    await refused(hub.exchange(await of({ iss: "kubernetes/serviceaccount" }), "acme/kubernetes"), "TP1201");
    await refused(hub.exchange(await of({ aud: undefined }), "acme/kubernetes"), "TP1502");
    await refused(hub.exchange(await of({ exp: undefined }), "acme/kubernetes"), "TP1405");
  });

  it("of a private cluster is believed by uploaded keys, and its issuer is never asked", async () => {
    const simulated = hub.simulator.issuerUrl("kubernetes");
    const keys = await (await fetch(`${simulated}/openid/v1/jwks`)).json();
    const url = "https://kubernetes.default.svc.cluster.local";
    const body = { provider: "kubernetes", url, jwks: keys };
    const added = await hub.call("POST", "/api/postern/v1/issuers", { token: hub.adminToken, body });
    expect(added.status, added.text).toBe(201);
    const token = await hub.simulator.issueToken("kubernetes", { audience: [hub.url], claims: { iss: url } });
    const uid = claimAt(decodeJwt(token), `${K8S}/serviceaccount/uid`);
    await hub.repo("acme/private-cluster");
    const pins = { provider: "kubernetes", issuer: url, claims: { [`${K8S}/serviceaccount/uid`]: uid } };
    expect((await hub.publisher("models/acme/private-cluster", pins)).status).toBe(201);
    expect((await hub.exchange(token, "acme/private-cluster")).status).toBe(200);
    // The same keys at the other issuer's publisher: each issuer stands for itself.
    await refused(hub.exchange(token, "acme/kubernetes"), "TP1701");
  });
});

describe("AWS", () => {
  it("signs with ES384, and an account's issuer takes RS256 too but no other algorithm", async () => {
    const row = ROWS.aws;
    if (row === undefined) throw new Error("no row");
    const token = await minted(row);
    expect(JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString())).toMatchObject({ alg: "ES384" });
    const of = (kind: "alg-none" | "hs256-confusion" | "bad-signature" | "unknown-key") =>
      hub.simulator.issueToken("aws", { audience: hub.url, faults: [{ kind }] });
    await refused(hub.exchange(await of("alg-none"), "acme/aws"), "TP1102");
    await refused(hub.exchange(await of("hs256-confusion"), "acme/aws"), "TP1105");
    await refused(hub.exchange(await of("bad-signature"), "acme/aws"), "TP1302");
    await refused(hub.exchange(await of("unknown-key"), "acme/aws"), "TP1301");
  });
});

describe("Entra", () => {
  it("of version 1 is another issuer than of version 2: a publisher trusts one of them", async () => {
    const [one, two] = [ROWS["azure, managed identity"], ROWS["azure, federated pod"]];
    if (one === undefined || two === undefined) throw new Error("no row");
    const [first, second] = [decodeJwt(await minted(one)), decodeJwt(await minted(two))];
    expect(first.iss).toMatch(/\/azure\/[0-9a-f-]{36}\/$/);
    expect(second.iss).toMatch(/\/azure\/[0-9a-f-]{36}\/v2\.0$/);
    await refused(hub.exchange(await minted(two), "acme/azure-managed-identity"), "TP1501");
  });
});
