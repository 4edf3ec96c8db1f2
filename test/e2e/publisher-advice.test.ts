import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Finished, posternCommand, runCommand } from "../harness/run-command.ts";
import { type Answer, GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

const [node, bin] = posternCommand;
let hub: RunningHub;
let ada: string;

beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  await hub.call("POST", "/api/postern/v1/orgs", { token: hub.adminToken, body: { name: "acme", owner: "ada" } });
});
afterAll(() => hub[Symbol.asyncDispose]());

function postern(...words: readonly string[]): Promise<Finished> {
  return runCommand(node, [bin, ...words], { env: { HF_ENDPOINT: hub.url, HF_TOKEN: ada, PATH: process.env.PATH } });
}

async function publisher(repo: string, fields: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  const provider = fields.provider === "gitlab" ? "gitlab" : "github";
  const body = { provider, issuer: hub.simulator.issuerUrl(provider), claims: GITHUB_CLAIMS, ...fields };
  const added = await hub.publisher(`models/${repo}`, body, ada);
  expect(added.status, added.text).toBe(201);
  return added;
}

async function job(
  repo: string,
  claims: Readonly<Record<string, string>> = {},
  provider: "github" | "gitlab" = "github",
): Promise<Answer> {
  return hub.exchange(await hub.simulator.issueToken(provider, { audience: hub.url, claims }), repo);
}

function commit(repo: string, token: string): Promise<Answer> {
  const lines = [
    { key: "header", value: { summary: "Add" } },
    { key: "file", value: { path: "a.txt", content: "YQ==", encoding: "base64" } },
  ];
  return hub.call("POST", `/api/models/${repo}/commit/main`, {
    token,
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
    headers: { "content-type": "application/x-ndjson" },
  });
}

describe("postern publisher lint", () => {
  it("says who may publish and what is wrong, and fails on a warning", async () => {
    await hub.repo("acme/loose", { token: ada });
    const { repository_owner_id, workflow } = GITHUB_CLAIMS;
    await publisher("acme/loose", { claims: { repository_owner_id, workflow }, ttl_seconds: 900 });
    const text = await postern("publisher", "lint", "acme/loose");
    expect(text).toMatchObject({ code: 1, stderr: expect.stringContaining("Not checked") });
    expect(text.stdout).toContain(
      `Any job of the workflow publish.yml on any branch or tag in any project of the owner 123456 at ${hub.simulator.issuerUrl("github")} may write.`,
    );
    const { stdout } = await postern("publisher", "lint", "acme/loose", "--json");
    const rules = JSON.parse(stdout).findings.map(({ rule }: { rule: string }) => rule);
    expect(rules).toEqual(["whole-tenant", "any-branch", "no-environment"]);
  });

  it("is content with a tight one, and counts personal tokens once jobs publish", async () => {
    await hub.repo("acme/tight", { token: ada });
    const added = await publisher("acme/tight", {
      claims: { ...GITHUB_CLAIMS, environment: "release" },
      ttl_seconds: 900,
    });
    expect(await postern("publisher", "lint", "acme/tight")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Nothing to complain about."),
    });
    expect((await job("acme/tight", { environment: "release" })).status).toBe(200);
    const { stdout } = await postern("publisher", "lint", "acme/tight");
    expect(stdout).toContain(
      "warning classic-tokens: Jobs publish here without a secret, yet 1 personal token may still",
    );
    expect(stdout).toContain(added.json.id);
  });

  it("notices that whoever added it may not manage the repo any more", async () => {
    await hub.repo("acme/left", { token: ada });
    const zoe = await hub.user("zoe");
    const members = "/api/postern/v1/orgs/acme/members/zoe";
    await hub.call("PUT", members, { token: hub.adminToken, body: { role: "admin" } });
    const issuer = hub.simulator.issuerUrl("github");
    await hub.publisher("models/acme/left", { provider: "github", issuer, claims: GITHUB_CLAIMS }, zoe);
    await hub.call("DELETE", members, { token: hub.adminToken });
    const lint = await hub.call("GET", "/api/postern/v1/models/acme/left/publishers/lint", { token: ada });
    expect(lint.json.findings).toContainEqual(
      expect.objectContaining({
        rule: "creator-left",
        message: "Its creator zoe may not manage this resource any more.",
      }),
    );
    expect((await hub.call("GET", "/api/postern/v1/models/acme/left/publishers/lint", { token: zoe })).status).toBe(
      403,
    );
  });
});

describe("postern publisher workflow", () => {
  it("writes a GitHub workflow whose job the publisher lets in, and no other branch", async () => {
    await hub.repo("acme/made", { token: ada });
    await publisher("acme/made", { claims: { ...GITHUB_CLAIMS, environment: "release" } });
    const printed = await postern("publisher", "workflow", "acme/made", "--json");
    const { path, text } = JSON.parse(printed.stdout);
    const file = parse(text);
    const [branch] = file.on.push.branches;
    const claims = {
      ref: `refs/heads/${branch}`,
      workflow_ref: `acme/train/${path}@refs/heads/${branch}`,
      environment: file.jobs.publish.environment,
      event_name: Object.keys(file.on)[0] ?? "",
    };
    const { HF_ENDPOINT, HF_OIDC_RESOURCE } = file.jobs.publish.env;
    expect([HF_ENDPOINT, HF_OIDC_RESOURCE]).toEqual([hub.url, "acme/made"]);
    expect((await job(HF_OIDC_RESOURCE, claims)).status).toBe(200);
    const dev = { ref: "refs/heads/dev", workflow_ref: `acme/train/${path}@refs/heads/dev` };
    expect((await job(HF_OIDC_RESOURCE, { ...claims, ...dev })).json.code).toBe("TP1803");
    expect([file.permissions, file.jobs.publish.permissions]).toEqual([{}, { "id-token": "write" }]);
  });

  it("writes a GitLab pipeline whose job the publisher lets in", async () => {
    await hub.repo("acme/lab", { token: ada });
    const token = await hub.simulator.issueToken("gitlab", { audience: hub.url });
    const { project_id } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    await publisher("acme/lab", {
      provider: "gitlab",
      claims: { project_id, workflow: ".gitlab-ci.yml", branch: "main", environment: "release" },
    });
    const printed = await postern("publisher", "workflow", "acme/lab");
    const file = parse(printed.stdout);
    expect(printed.stderr).toContain("Put it into .gitlab-ci.yml");
    const branch = /\$CI_COMMIT_BRANCH == "(.*)"/.exec(file.publish.rules[0].if)?.[1] ?? "";
    const claims = { ref: branch, ref_type: "branch", environment: file.publish.environment.name };
    const subjectToken = await hub.simulator.issueToken("gitlab", {
      audience: file.publish.id_tokens.HF_OIDC_ID_TOKEN.aud,
      claims,
    });
    const granted = await hub.exchange(subjectToken, file.publish.variables.HF_OIDC_RESOURCE);
    expect(granted.status, granted.text).toBe(200);
  });

  it("asks which of several is meant", async () => {
    await publisher("acme/lab", { claims: GITHUB_CLAIMS });
    expect(await postern("publisher", "workflow", "acme/lab")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--publisher ID"),
    });
  });
});

describe("source addresses", () => {
  it("let in exchanges from there only, and the more specific publisher is on record", async () => {
    await hub.repo("acme/pinned", { token: ada });
    await publisher("acme/pinned", { source_addresses: ["203.0.113.0/24"] });
    const refused = await job("acme/pinned");
    expect(refused).toMatchObject({ status: 400, json: { error: "invalid_grant", code: "TP1921" } });
    expect((await job("acme/pinned", { ref: "refs/heads/dev" })).json.code).toBe("TP1803");
    const here = await publisher("acme/pinned", {
      claims: { ...GITHUB_CLAIMS, ref_type: "branch" },
      source_addresses: ["127.0.0.0/8", "::1"],
    });
    expect(here.json.source_addresses).toEqual(["127.0.0.0/8", "::1"]);
    const { workflow: _workflow, ...broad } = GITHUB_CLAIMS;
    const broader = await publisher("acme/pinned", { claims: broad });
    expect((await job("acme/pinned")).status).toBe(200);
    const { text } = await hub.call("GET", "/api/postern/v1/audit", { token: hub.adminToken });
    const last = text.trim().split("\n").at(-1) ?? "";
    expect(JSON.parse(last).detail).toMatchObject({
      publisher_id: here.json.id,
      matched_claims: 6,
      also_matched: [broader.json.id],
    });
  });

  it.each([[["10.0.0.7/8"]], [["everywhere"]], ["10.0.0.0/8"], [[7]]])("refuses %j", async (source_addresses) => {
    const issuer = hub.simulator.issuerUrl("github");
    const body = { provider: "github", issuer, claims: GITHUB_CLAIMS, source_addresses };
    expect((await hub.publisher("models/acme/loose", body, ada)).status).toBe(422);
  });
});

describe("trusted publishing only", () => {
  it("shows what would stop, then stops it, and can be switched off again", async () => {
    await hub.repo("acme/only", { token: ada });
    await publisher("acme/only");
    const preview = await postern("repo", "settings", "acme/only", "--trusted-publishing-only", "preview");
    expect(preview).toMatchObject({ code: 0, stderr: expect.stringContaining("ada (admin) cannot write by hand") });
    expect((await commit("acme/only", ada)).status).toBe(200);

    const on = await postern("repo", "settings", "acme/only", "--trusted-publishing-only", "on");
    expect(on).toMatchObject({ code: 0, stdout: "acme/only is now open to trusted publishers only.\n" });
    for (const token of [ada, hub.adminToken]) {
      expect(await commit("acme/only", token)).toMatchObject({ status: 403, json: { code: "TrustedPublishingOnly" } });
    }
    // For a pull request anybody who reads may upload; by hand it cannot be merged either.
    const batch = {
      operation: "upload",
      transfers: ["basic"],
      ref: { name: "main" },
      objects: [{ oid: "a".repeat(64), size: 1 }],
    };
    const lfs = await hub.call("POST", "/acme/only/info/lfs/objects/batch", { token: ada, body: batch });
    expect(lfs.status).toBe(403);
    const body = [
      { key: "header", value: { summary: "by hand" } },
      { key: "file", value: { path: "by-hand.txt", content: "x", encoding: "utf-8" } },
    ];
    const opened = await hub.call("POST", "/api/models/acme/only/commit/main?create_pr=1", {
      token: ada,
      headers: { "content-type": "application/x-ndjson" },
      body: body.map((line) => JSON.stringify(line)).join("\n"),
    });
    expect(opened.status, opened.text).toBe(200);
    const merge = await hub.call("POST", "/api/models/acme/only/discussions/1/merge", { token: ada, body: {} });
    expect(merge).toMatchObject({ status: 403, json: { code: "TrustedPublishingOnly" } });
    const granted = await job("acme/only");
    expect((await commit("acme/only", granted.json.access_token)).status).toBe(200);
    expect((await hub.call("GET", "/api/models/acme/only")).json.trustedPublishingOnly).toBe(true);
    const { text } = await hub.call("GET", "/api/postern/v1/audit", { token: hub.adminToken });
    expect(text).toContain('"code":"TrustedPublishingOnly"');
    expect(text).toContain('"trusted_publishing_only":true');

    await postern("repo", "settings", "acme/only", "--trusted-publishing-only", "off");
    expect((await commit("acme/only", ada)).status).toBe(200);
    expect((await hub.call("GET", "/api/models/acme/only")).json.trustedPublishingOnly).toBeUndefined();
  });
});

describe("postern publisher add --pending", () => {
  it("holds the name and says until when", async () => {
    const words = [
      "publisher",
      "add",
      "acme/soon",
      "--provider",
      "github",
      "--issuer",
      hub.simulator.issuerUrl("github"),
    ];
    const claims = ["--repository-id", "456789", "--branch", "main", "--ttl", "600", "--source-address", "127.0.0.1"];
    const added = await postern(...words, ...claims, "--pending", "--expires-in", "2", "--private");
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining("The name is held until 20") });
    const listed = await postern("publisher", "list", "acme/soon");
    expect(listed.stdout).toContain("on, pending until 20");
    expect((await job("acme/soon")).status).toBe(200);
    expect((await hub.call("GET", "/api/models/acme/soon", { token: ada })).json.private).toBe(true);
    expect((await postern("publisher", "list", "acme/soon")).stdout).not.toContain("pending");
  });
});
