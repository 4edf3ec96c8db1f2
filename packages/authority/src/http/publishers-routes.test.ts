import type { Principal, WorkloadOrigin } from "@postern/core/access/principal";
import { addSeconds } from "@postern/core/time/epoch-seconds";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seedPresetIssuers } from "../issuers/seed-preset-issuers.ts";
import {
  type ExchangeStage,
  knownRepo,
  openStage,
  person,
  START,
  type WireAnswer,
} from "../token-exchange/exchange-stage.contract.ts";
import { GITHUB_PIN } from "../token-exchange/provider-claims.contract.ts";

const REPO = "/models/ada/train/publishers";
const VALID = {
  provider: "github",
  issuer: "https://token.actions.githubusercontent.com",
  claims: GITHUB_PIN,
  access: "write",
  ttl_seconds: 3600,
};

let stage: ExchangeStage;

beforeAll(async () => {
  stage = await openStage();
  let serial = 0;
  await seedPresetIssuers({ issuers: stage.issuers, newId: () => `issuer-${++serial}` });
  const repo = knownRepo("ada/train");
  stage.repos.push(repo, { ...knownRepo("ada/secret"), visibility: "private" });
  const origin: WorkloadOrigin = {
    issuer: "i",
    subject: "s",
    provider: "github",
    publisherId: "p",
    runUrl: undefined,
    source: {},
  };
  const expiresAt = addSeconds(START, 600);
  stage.principals.set("ada", person("ada"));
  stage.principals.set("ada-reads", person("ada", { tokenRole: "read" }));
  stage.principals.set("bob", person("bob"));
  stage.principals.set("root", person("root", { isAdmin: true }));
  const job: Principal = { kind: "repo-workload", tokenId: "t", ...repo, access: "write", expiresAt, origin };
  stage.principals.set("job", job);
});

afterAll(() => stage.close());

function add(changes: Record<string, unknown>, token = "ada", path = REPO): Promise<WireAnswer> {
  return stage.call("POST", path, token, { ...VALID, ...changes });
}

function claims(changes: Record<string, unknown>): Promise<WireAnswer> {
  return add({ claims: { ...GITHUB_PIN, ...changes } });
}

describe("POST …/publishers", () => {
  it("stores the publisher of the documentation and writes it down", async () => {
    const answer = await add({});
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      ...VALID,
      id: expect.any(String),
      enabled: true,
      created_at: "2026-11-18T11:06:40.000Z",
      created_by: "ada",
    });
    expect((await stage.auditEvents()).at(-1)).toMatchObject({
      event: "publisher.add",
      resource: "models/ada/train",
      detail: { publisher_id: answer.json.id },
    });
    expect((await stage.call("GET", REPO, "ada")).json).toEqual({ publishers: [answer.json] });
  });

  it("refuses the same one again", async () => {
    expect((await add({})).status).toBe(409);
  });

  it("fills in what may be left out", async () => {
    const answer = await stage.call("POST", REPO, "ada", { provider: "gitlab", claims: { project_id: "20" } });
    expect(answer.json).toMatchObject({ issuer: "https://gitlab.com", access: "write", ttl_seconds: 3600 });
  });

  it("on a user only reads", async () => {
    const path = "/users/ada/publishers";
    expect((await add({}, "ada", path)).json).toMatchObject({ code: "invalid_field", field: "/access" });
    expect((await add({ access: undefined }, "ada", path)).json).toMatchObject({ access: "read" });
  });

  it.each<readonly [string, string, () => Promise<WireAnswer>]>([
    ["/provider", "an unknown provider", () => add({ provider: "jenkins" })],
    ["/provider", "a provider other than the issuer's", () => add({ provider: "custom", claims: { sub: "x" } })],
    ["/issuer", "an issuer that is no URL", () => add({ issuer: "github" })],
    ["/issuer", "an issuer that is not stored", () => add({ issuer: "https://ghes.example/_services/token" })],
    ["/issuer", "a public issuer with a slash too much", () => add({ issuer: `${VALID.issuer}/` })],
    [
      "/issuer",
      "no issuer where there is no public one",
      () => add({ provider: "custom", issuer: undefined, claims: { sub: "x" } }),
    ],
    ["/access", "another access", () => add({ access: "admin" })],
    ["/ttl_seconds", "a lifetime that is too short", () => add({ ttl_seconds: 299 })],
    ["/ttl_seconds", "a lifetime that is too long", () => add({ ttl_seconds: 3601 })],
    ["/ttl_seconds", "a lifetime in words", () => add({ ttl_seconds: "3600" })],
    ["/pattern", "a field that publishers do not have", () => add({ pattern: "*" })],
    ["/claims", "no claims", () => add({ claims: undefined })],
    ["/claims", "nothing to check", () => add({ claims: {} })],
    [
      "/claims",
      "no immutable id",
      () => add({ claims: { repository: "acme/train", branch: "main", workflow: "publish.yml" } }),
    ],
    ["/claims/repositry_id", "an unknown claim", () => claims({ repositry_id: "1" })],
    ["/claims/aud", "a claim that every exchange checks", () => claims({ aud: "x" })],
    ["/claims/~1repository_id", "a pointer where the preset has none", () => claims({ "/repository_id": "1" })],
    ["/claims/repository_id", "an id that is a number", () => claims({ repository_id: 456789 })],
    ["/claims/repository_id", "a name in place of an id", () => claims({ repository_id: "acme/train" })],
    ["/claims/repository", "a claim that is a list", () => claims({ repository: ["acme/train"] })],
    ["/claims/repository", "a zero-width space", () => claims({ repository: "acme/tr\u200bain" })],
    ["/claims/repository", "a letter that looks like another", () => claims({ repository: "\u0430cme/train" })],
    ["/claims/environment", "an empty claim", () => claims({ environment: "" })],
    ["/claims/environment", "a space at an end", () => claims({ environment: "release " })],
    ["/claims/environment", "a combining character", () => claims({ environment: "re\u0301lease" })],
    ["/claims/workflow", "a display name in place of a file", () => claims({ workflow: "Publish model" })],
    ["/claims/workflow", "a path in place of a file", () => claims({ workflow: ".github/workflows/publish.yml" })],
    ["/claims/branch", "a full ref in place of a branch", () => claims({ branch: "refs/heads/main" })],
  ])("refuses %s: %s", async (field, _what, ask) => {
    const answer = await ask();
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ code: "invalid_field", field, remedy: expect.stringMatching(/./) });
  });

  it("says where the invisible character is", async () => {
    const { error } = (await claims({ repository: "acme/tr\u200bain" })).json;
    expect(error).toContain("U+200B");
    expect(error).toContain("position 8");
  });

  it("suggests the claim that was meant", async () => {
    expect((await claims({ repositoryId: "1" })).json.remedy).toBe("Did you mean repository_id?");
  });
});

describe("the callers of …/publishers", () => {
  it.each([
    [401, undefined, REPO],
    [403, "job", REPO],
    [403, "bob", REPO],
    [403, "ada-reads", REPO],
    [404, "bob", "/models/ada/secret/publishers"],
    [404, "ada", "/models/ada/nothing/publishers"],
    [403, "bob", "/users/ada/publishers"],
    [403, "root", "/users/ada/publishers"],
    [403, "job", "/users/ada/publishers"],
  ])("get %i as %s on %s", async (status, token, path) => {
    expect((await stage.call("POST", path, token, VALID)).status).toBe(status);
    // A read-only token may look at its own.
    if (token !== "ada-reads" || path !== REPO) expect((await stage.call("GET", path, token)).status).toBe(status);
  });

  it("may be an administrator on a repo", async () => {
    expect((await add({ claims: { ...GITHUB_PIN, branch: "root" } }, "root")).status).toBe(201);
  });
});

describe("one publisher", () => {
  it("is switched off and on, and removed, each written down", async () => {
    const { id } = (await add({ claims: { ...GITHUB_PIN, branch: "off" } })).json;
    const off = await stage.call("PATCH", `${REPO}/${id}`, "ada", { enabled: false });
    expect(off.json).toMatchObject({ id, enabled: false });
    expect((await stage.auditEvents()).at(-1)).toMatchObject({ event: "publisher.change", detail: { enabled: false } });
    expect((await stage.call("DELETE", `${REPO}/${id}`, "ada")).status).toBe(204);
    expect((await stage.auditEvents()).at(-1)).toMatchObject({ event: "publisher.remove" });
    expect((await stage.call("DELETE", `${REPO}/${id}`, "ada")).status).toBe(404);
  });

  it("is out of reach through another resource", async () => {
    const { id } = (await add({ claims: { ...GITHUB_PIN, branch: "mine" } })).json;
    stage.repos.push(knownRepo("bob/train"));
    expect((await stage.call("DELETE", `/models/bob/train/publishers/${id}`, "bob")).status).toBe(404);
    expect((await stage.call("PATCH", `/users/bob/publishers/${id}`, "bob", { enabled: false })).status).toBe(404);
  });

  it("keeps its claims for good", async () => {
    const { id } = (await add({ claims: { ...GITHUB_PIN, branch: "kept" } })).json;
    const answer = await stage.call("PATCH", `${REPO}/${id}`, "ada", { claims: {} });
    expect(answer.json).toMatchObject({ code: "invalid_field", field: "/claims" });
  });
});
