import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { JobOptions, SimulatedProviderId } from "@postern/simulator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bareEnvironment, type Finished, posternCommand, runCommand } from "../harness/run-command.ts";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

const REPO = "acme/explained";
/** Below the range that systems hand out, and no port that browsers refuse. */
const CLOSED = "http://127.0.0.1:9191";
let hub: RunningHub;
let owner: string;
let folder: string;

beforeAll(async () => {
  hub = await startHub();
  owner = await hub.user("acme");
  folder = mkdtempSync(path.join(tmpdir(), "postern-doctor-"));
  await hub.repo(REPO);
  await hub.repo("acme/nobody-yet");
  const issuer = hub.simulator.issuerUrl("github");
  const added = await hub.publisher(`models/${REPO}`, { provider: "github", issuer, claims: GITHUB_CLAIMS });
  expect(added.status, added.text).toBe(201);
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function doctor(
  changes: Partial<JobOptions> & { readonly provider?: SimulatedProviderId } = {},
  words: readonly string[] = [],
): Promise<Finished> {
  const { provider = "github", env = {}, ...options } = changes;
  await using job = await hub.simulator.jobEnvironment(provider, {
    parentEnv: bareEnvironment(folder),
    audiences: [hub.url],
    env: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: REPO, NO_COLOR: "1", ...env },
    ...options,
  });
  const [node, bin] = posternCommand;
  return await runCommand(node, [bin, "doctor", ...words], { env: { ...job.variables } });
}

// biome-ignore lint/suspicious/noExplicitAny: tests read what they assert
async function asJson(finished: Promise<Finished>): Promise<any> {
  const { code, stdout } = await finished;
  return { exit: code, ...JSON.parse(stdout) };
}

function asOwner(...words: readonly string[]): Promise<Finished> {
  const [node, bin] = posternCommand;
  const env = { ...bareEnvironment(folder), HF_ENDPOINT: hub.url, HF_TOKEN: owner };
  return runCommand(node, [bin, "publisher", ...words], { env });
}

const DEV = {
  ref: "refs/heads/dev",
  workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/dev",
} as const;

describe("postern doctor inside a job", () => {
  it("says what the job would get, shows what the token says, and never the token", async () => {
    const { code, stdout, stderr } = await doctor();
    expect([code, stdout]).toEqual([0, expect.stringContaining(`ok: This job gets a token that writes ${REPO}`)]);
    expect(stdout).toMatch(/repository_id +456789/);
    expect(stdout + stderr.replaceAll(/^::add-mask::.*$/gm, "")).not.toMatch(/eyJ/);
  });

  it("spends nothing: the same job can publish afterwards, and nothing is kept", async () => {
    const before = (await hub.call("GET", "/api/postern/v1/audit/head", { token: hub.adminToken })).json.seq;
    await doctor();
    await doctor({ claims: DEV });
    expect((await hub.call("GET", "/api/postern/v1/audit/head", { token: hub.adminToken })).json.seq).toBe(before);
  });

  it("names the claim that differs and both values", async () => {
    const report = await asJson(doctor({ claims: DEV }, ["--json"]));
    expect(report).toMatchObject({ exit: 1, ok: false, code: "TP1803", provider: "github", resource: REPO });
    expect(report.sentence).toMatch(/^branch is dev where the publisher expects main: change the job/);
    expect(report.checks).toContainEqual({ claim: "branch", expected: "main", got: "dev", ok: false });
  });

  it("offers the command that adds the publisher, where there is none, and the command works", async () => {
    const report = await asJson(doctor({}, ["acme/nobody-yet", "--json"]));
    expect(report).toMatchObject({ exit: 1, code: "TP1701" });
    const words = report.command.replace(/^postern publisher /, "").split(" ");
    expect(await asOwner(...words)).toMatchObject({ code: 0 });
    expect(await asJson(doctor({}, ["acme/nobody-yet", "--json"]))).toMatchObject({ exit: 0, ok: true });
  });

  it.each<[string, string, Parameters<typeof doctor>[0], RegExp]>([
    [
      "mint_permission_missing",
      "a job that may not ask for an id token",
      { scenario: "no-id-token" },
      /id-token: write/,
    ],
    ["mint_fork_pull_request", "a pull request from a fork", { scenario: "fork-pull-request" }, /from a fork/],
    ["resource_missing", "nothing to log in to", { env: { HF_OIDC_RESOURCE: "" } }, /HF_OIDC_RESOURCE/],
    ["endpoint_missing", "no hub named", { env: { HF_ENDPOINT: "" } }, /HF_ENDPOINT/],
    ["hub_unreachable", "a hub that is not there", { env: { HF_ENDPOINT: CLOSED } }, /Nobody is listening/],
    ["TP1901", "a risky trigger", { claims: { event_name: "pull_request_target" } }, /pull_request_target/],
    [
      "TP1401",
      "an expired token",
      { claims: { iat: 1_700_000_000, exp: 1_700_000_300, nbf: 1_700_000_000 } },
      /expired/,
    ],
  ])("tells %s: %s", async (code, _what, changes, sentence) => {
    const report = await asJson(doctor(changes, ["--json"]));
    expect(report).toMatchObject({ exit: 1, ok: false, code });
    expect(report.sentence).toMatch(sentence);
  });

  it("tells a wrong audience, and from which setting it came", async () => {
    const alias = hub.url.replace("127.0.0.1", "localhost");
    const report = await asJson(doctor({ env: { HF_ENDPOINT: alias } }, ["--json"]));
    expect(report).toMatchObject({ exit: 1, code: "TP1501" });
    expect(report.sentence).toContain(`because HF_ENDPOINT is ${alias}`);
  });

  it("tells an issuer that the hub does not know, and what an administrator must run", async () => {
    const report = await asJson(doctor({ claims: { iss: "https://ghes.corp.example/_services/token" } }, ["--json"]));
    expect(report).toMatchObject({
      exit: 1,
      code: "TP1201",
      command: "postern issuer add --provider github --url https://ghes.corp.example/_services/token",
    });
  });

  it("tells a server that is no Postern hub", async () => {
    const report = await asJson(doctor({ env: { HF_ENDPOINT: hub.simulator.origin } }, ["--json"]));
    expect(report).toMatchObject({ exit: 1, ok: false });
    expect(report.sentence).toMatch(/offers no dry run/);
  });

  it("adds a table to GitHub's job summary, in which no branch name can break out of its cell", async () => {
    const summary = path.join(folder, "summary.md");
    writeFileSync(summary, "before\n");
    const branch = "a|b`<img src=x>";
    const claims = {
      ref: `refs/heads/${branch}`,
      workflow_ref: `acme/train/.github/workflows/publish.yml@refs/heads/${branch}`,
    };
    await doctor({ claims, env: { GITHUB_STEP_SUMMARY: summary } });
    const text = readFileSync(summary, "utf8");
    expect(text).toMatch(/^before\n### ❌ Keyless login to `acme\/explained`/);
    expect(text).toContain("| `branch` | `main` | `a\\|b'<img src=x>` | ❌ |");
    const cells = text.split("\n").filter((line) => line.startsWith("|"));
    for (const line of cells) expect(line.replaceAll(/`[^`]*`/g, "")).not.toContain("<img");
    const prose = text.split("\n").filter((line) => !line.startsWith("|"));
    for (const line of prose) expect(line).not.toMatch(/(?<!\\)<img/);
    expect(text).not.toContain("eyJ");
  });

  it("works in a GitLab job", async () => {
    const report = await asJson(doctor({ provider: "gitlab" }, ["--json"]));
    expect(report).toMatchObject({ exit: 1, provider: "gitlab", code: "TP1701" });
    expect(report.claims).toMatchObject({ project_path: expect.any(String) });
  });
});

describe("postern publisher test", () => {
  it("holds a simulated job against the stored publishers", async () => {
    expect(await asOwner("test", REPO)).toMatchObject({ code: 0, stdout: expect.stringContaining("lets the job in") });
    const other = await asOwner("test", REPO, "--claim", "ref=refs/heads/dev");
    expect(other.code).toBe(1);
    expect(other.stdout).toMatch(/branch +main +dev +DIFFERENT/);
  });

  it("knows what the hub refuses whatever the claims are", async () => {
    const { code, stdout } = await asOwner("test", REPO, "--claim", "event_name=pull_request_target");
    expect([code, stdout]).toEqual([1, expect.stringContaining("TP1901")]);
  });

  it("asks the hub about a real token", async () => {
    const file = path.join(folder, "token.jwt");
    writeFileSync(file, `${await hub.simulator.issueToken("github", { audience: hub.url })}\n`);
    expect(await asOwner("test", REPO, "--token-file", file)).toMatchObject({ code: 0 });
    writeFileSync(file, await hub.simulator.issueToken("github", { audience: hub.url, claims: DEV }));
    const refused = await asOwner("test", REPO, "--token-file", file, "--json");
    expect([refused.code, JSON.parse(refused.stdout).code]).toEqual([1, "TP1803"]);
  });
});

describe("postern publisher attempts", () => {
  it("shows both sides and the exact command, which lets the job in", async () => {
    const refused = await hub.simulator.issueToken("github", { audience: hub.url, claims: DEV });
    expect((await hub.exchange(refused, REPO)).json.code).toBe("TP1803");
    const { stdout } = await asOwner("attempts", REPO);
    expect(stdout).toMatch(/branch +main +dev +DIFFERENT/);
    const command = /^ {2}postern publisher (add .*)$/m.exec(stdout)?.[1] ?? "";
    expect(await asOwner(...command.split(" "))).toMatchObject({ code: 0 });
    expect((await hub.exchange(refused, REPO)).status).toBe(200);
  });

  it("warns instead when the name is the same and the id is not", async () => {
    const claims = { repository_id: "666" };
    await hub.exchange(await hub.simulator.issueToken("github", { audience: hub.url, claims }), REPO);
    const { stdout } = await asOwner("attempts", REPO, "--limit", "1");
    expect(stdout).toMatch(/warning: .*registered again by a stranger/);
    expect(stdout).not.toContain("postern publisher add");
  });
});
