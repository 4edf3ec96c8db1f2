import { PRESETS } from "@postern/core/provider/presets";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { seedPresetIssuers } from "../issuers/seed-preset-issuers.ts";
import { type ExchangeStage, openStage, person, type WireAnswer } from "../token-exchange/exchange-stage.contract.ts";
import {
  DISCOVERY_PATH,
  ecKey,
  type IssuerKeyPair,
  type LocalIssuer,
  rsaKey,
  sendJson,
  startIssuer,
} from "../token-exchange/local-issuer.contract.ts";

let key: IssuerKeyPair;
let stage: ExchangeStage;
let server: LocalIssuer;

beforeAll(async () => {
  key = rsaKey("k1");
  stage = await openStage();
  stage.principals.set("root", person("root", { isAdmin: true }));
  stage.principals.set("ada", person("ada"));
});

afterAll(() => stage.close());

beforeEach(async () => {
  server = await startIssuer([key]);
});

afterEach(() => server.close());

function add(changes: Record<string, unknown> = {}, token = "root"): Promise<WireAnswer> {
  const valid = { provider: "custom", url: server.url, allow_origins: [server.origin] };
  return stage.call("POST", "/issuers", token, { ...valid, ...changes });
}

describe("POST /issuers", () => {
  it("reads the issuer, stores it and writes it down", async () => {
    const answer = await add();
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      id: expect.any(String),
      provider: "custom",
      url: server.url,
      allow_origins: [server.origin],
      enabled: true,
    });
    expect(server.requests).toEqual([DISCOVERY_PATH, "/jwks"]);
    expect((await stage.auditEvents()).at(-1)).toMatchObject({ event: "issuer.add", detail: { url: server.url } });
    expect((await add()).status).toBe(409);
    expect((await stage.call("GET", "/issuers", "ada")).json.issuers).toContainEqual(answer.json);
  });

  it("takes a preset's provider at an excepted origin, for a local simulator", async () => {
    expect((await add({ provider: "github" })).status).toBe(201);
  });

  it("shows the difference when the issuer calls itself otherwise", async () => {
    server.answers.set(DISCOVERY_PATH, (_request, response) =>
      sendJson(response, { issuer: `${server.url}/`, jwks_uri: `${server.url}/jwks` }),
    );
    const answer = await add();
    expect(answer.json).toMatchObject({ code: "invalid_field", field: "/url" });
    expect(answer.json.error).toContain("a slash at the end is missing");
    expect(answer.json.remedy).toContain(`${server.url}/`);
  });

  it("says that an issuer cannot be reached", async () => {
    server.answers.set(DISCOVERY_PATH, (_request, response) => response.writeHead(503).end());
    const answer = await add();
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ field: "/url", error: expect.stringContaining("answers 503") });
  });

  it("refuses an issuer whose keys are of no use", async () => {
    server.keys = [ecKey("e1", "P-256")];
    const answer = await add({ provider: "github" });
    expect(answer.json).toMatchObject({ field: "/url", error: expect.stringContaining("no key for RS256") });
  });

  it.each<readonly [string, string, () => Record<string, unknown>]>([
    ["/provider", "an unknown provider", () => ({ provider: "jenkins" })],
    ["/url", "no url", () => ({ url: undefined })],
    ["/url", "a url with a query", () => ({ url: `${server.url}?x` })],
    ["/url", "plain http without an exception", () => ({ allow_origins: [] })],
    ["/url", "a private host without an exception", () => ({ url: "https://127.0.0.1", allow_origins: [] })],
    [
      "/url",
      "a GitHub issuer of another form",
      () => ({ provider: "github", url: "https://example.com", allow_origins: [] }),
    ],
    ["/allow_origins/0", "an origin with a slash", () => ({ allow_origins: [`${server.origin}/`] })],
    ["/allow_origins", "no list", () => ({ allow_origins: server.origin })],
    ["/jwks_uri", "a field that issuers do not have", () => ({ jwks_uri: server.url })],
    ["/provider", "a custom issuer at GitHub's host", () => ({ url: "https://token.actions.githubusercontent.com" })],
    [
      "/provider",
      "a custom issuer below GitHub's host",
      () => ({ url: "https://token.actions.githubusercontent.com/acme/x" }),
    ],
    [
      "/provider",
      "a custom issuer at GitHub's host in capitals",
      () => ({ url: "https://Token.Actions.GitHubUserContent.com" }),
    ],
    [
      "/provider",
      "a custom issuer at GitHub's host with a dot",
      () => ({ url: "https://token.actions.githubusercontent.com." }),
    ],
    [
      "/provider",
      "a GitLab at GitHub's host",
      () => ({ provider: "gitlab", url: "https://token.actions.githubusercontent.com" }),
    ],
    ["/provider", "a custom issuer at gitlab.com", () => ({ url: "https://gitlab.com" })],
  ])("refuses %s: %s, and connects to nobody", async (field, _what, changes) => {
    const answer = await add(changes());
    expect(answer.json).toMatchObject({ code: "invalid_field", field, remedy: expect.stringMatching(/./) });
    expect(answer.status).toBe(422);
    expect(server.connections()).toBe(0);
  });

  it("is for administrators, and connects to nobody for others", async () => {
    expect((await add({}, "ada")).status).toBe(403);
    expect((await add({}, "nobody")).status).toBe(401);
    expect(server.connections()).toBe(0);
  });
});

describe("DELETE /issuers/{id}", () => {
  it("removes an issuer, unless a publisher names it", async () => {
    const { id } = (await add()).json;
    const claims = { sub: "robot" };
    const publisher = { resource: "ada", provider: "custom", issuer: server.url, claims } as const;
    await stage.addPublisher(publisher);
    expect((await stage.call("DELETE", `/issuers/${id}`, "root")).status).toBe(409);
    const other = (await add({ url: `${server.url}`.replace("127.0.0.1", "localhost") })).json;
    expect(other.code).toBe("invalid_field");
    expect((await stage.call("DELETE", "/issuers/none", "root")).status).toBe(404);
    expect((await stage.call("DELETE", `/issuers/${id}`, "ada")).status).toBe(403);
  });
});

describe("seedPresetIssuers", () => {
  it("stores the public issuers on the first start, and never brings back one that was removed", async () => {
    const fresh = await openStage();
    fresh.principals.set("root", person("root", { isAdmin: true }));
    let serial = 0;
    const deps = { issuers: fresh.issuers, newId: () => `seed-${++serial}` };
    await seedPresetIssuers(deps);
    const urls = (await fresh.issuers.list()).map(({ url }) => url);
    expect(urls).toEqual(
      Object.values(PRESETS)
        .flatMap(({ publicIssuers }) => publicIssuers)
        .sort(),
    );
    expect((await fresh.call("DELETE", "/issuers/seed-1", "root")).status).toBe(204);
    await seedPresetIssuers(deps);
    expect(await fresh.issuers.list()).toHaveLength(urls.length - 1);
    await fresh.close();
  });
});
