import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { decodeJwt, type JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JobEnvironment, type JobOptions, type Simulator, startSimulator } from "../index.ts";

const run = promisify(execFile);
const AUDIENCE = "https://hub.example";
let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

function jobOf(provider: "circleci" | "buildkite", options: Partial<JobOptions> = {}): Promise<JobEnvironment> {
  return simulator.jobEnvironment(provider, { parentEnv: process.env, ...options });
}

async function printed(job: JobEnvironment, command: string, ...args: readonly string[]): Promise<JWTPayload> {
  return decodeJwt((await run(command, args, { env: { ...job.variables } })).stdout.trim());
}

describe("a CircleCI job", () => {
  const get = ["run", "oidc", "get"];
  const claims = ["--claims", JSON.stringify({ aud: AUDIENCE })];

  test("mints with the command on its PATH, of the organisation's own issuer", async () => {
    await using job = await jobOf("circleci");
    const token = await printed(job, "circleci", ...get, ...claims);
    const organisation = token["oidc.circleci.com/org-id"];
    expect(token).toMatchObject({
      iss: `${simulator.issuerUrl("circleci")}/org/${organisation}`,
      aud: AUDIENCE,
      "oidc.circleci.com/vcs-origin": "github.com/acme/train",
      "oidc.circleci.com/vcs-ref": "refs/heads/main",
      "oidc.circleci.com/ssh-rerun": false,
    });
    expect(Object.keys(token)).not.toContain("jti");
    expect((token.exp ?? 0) - (token.iat ?? 0)).toBe(3600);
    expect(job.variables.CIRCLE_PROJECT_ID).toBe(token["oidc.circleci.com/project-id"]);
    const discovery = await fetch(`${token.iss}/.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({ issuer: token.iss });
  });

  test("mints of the shared issuer when it asks for that", async () => {
    await using job = await jobOf("circleci");
    expect(await printed(job, "circleci", ...get, "--root-issuer", ...claims)).toMatchObject({
      iss: simulator.issuerUrl("circleci"),
      aud: AUDIENCE,
    });
  });

  test("finds a ready token for its organisation", async () => {
    await using job = await jobOf("circleci");
    const token = decodeJwt(job.variables.CIRCLE_OIDC_TOKEN_V2 ?? "");
    expect(token.aud).toBe(job.variables.CIRCLE_ORGANIZATION_ID);
  });

  test.each([
    ["another subcommand", ["config", "validate"], "oidc get"],
    ["another claim", [...get, "--claims", '{"aud":"x","sub":"y"}'], "`aud` alone"],
    ["an unknown flag", [...get, "--audience", "x"], "unknown flag: --audience"],
  ])("is refused for %s as by the real command", async (_, args, words) => {
    await using job = await jobOf("circleci");
    await expect(run("circleci", args, { env: { ...job.variables } })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(words),
    });
  });

  test("of a fork runs with the project's ids and another origin", async () => {
    await using own = await jobOf("circleci");
    await using fork = await jobOf("circleci", { scenario: "fork-pull-request" });
    expect(fork.variables.CIRCLE_PROJECT_ID).toBe(own.variables.CIRCLE_PROJECT_ID);
    expect(await printed(fork, "circleci", ...get, ...claims)).toMatchObject({
      "oidc.circleci.com/vcs-origin": "github.com/mallory/train",
    });
  });

  test("without id tokens has no command", async () => {
    await using job = await jobOf("circleci", { scenario: "no-id-token" });
    expect(Object.values(job.variables).filter((value) => value.startsWith("ey"))).toEqual([]);
    await expect(run("circleci", [...get, ...claims], { env: { ...job.variables } })).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

describe("a Buildkite job", () => {
  const request = ["oidc", "request-token", "--audience", AUDIENCE];

  test("gets slugs alone, unless it asks for the ids", async () => {
    await using job = await jobOf("buildkite");
    const plain = await printed(job, "buildkite-agent", ...request);
    expect(plain).toMatchObject({ aud: AUDIENCE, organization_slug: "acme", build_number: 7, build_branch: "main" });
    expect(Object.keys(plain)).not.toEqual(expect.arrayContaining(["pipeline_id"]));
    for (const flags of [["organization_id,pipeline_id"], ["organization_id", "--claim", "pipeline_id"]]) {
      const token = await printed(job, "buildkite-agent", ...request, "--claim", ...flags);
      expect(token).toMatchObject({ pipeline_id: expect.any(String), organization_id: expect.any(String) });
    }
  });

  test("chooses how long its token lives", async () => {
    await using job = await jobOf("buildkite");
    const life = async (...flags: readonly string[]): Promise<number> => {
      const { exp = 0, iat = 0 } = await printed(job, "buildkite-agent", ...request, ...flags);
      return exp - iat;
    };
    expect(await life()).toBe(300);
    expect(await life("--lifetime", "200")).toBe(200);
  });

  test("is refused for a flag that the agent does not know", async () => {
    await using job = await jobOf("buildkite");
    await expect(
      run("buildkite-agent", [...request, "--claims", "x"], { env: { ...job.variables } }),
    ).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("not defined: --claims") });
  });

  test("has an agent no longer when it has ended", async () => {
    const job = await jobOf("buildkite");
    await job[Symbol.asyncDispose]();
    await expect(run("buildkite-agent", request, { env: { ...job.variables } })).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

test("a Bitbucket step finds one token, its audiences in a list", async () => {
  await using job = await simulator.jobEnvironment("bitbucket", { parentEnv: process.env, audiences: [AUDIENCE] });
  const token = decodeJwt(job.variables.BITBUCKET_STEP_OIDC_TOKEN ?? "");
  expect(token).toMatchObject({
    iss: simulator.issuerUrl("bitbucket"),
    aud: [AUDIENCE],
    branchName: "main",
    repositoryUuid: job.variables.BITBUCKET_REPO_UUID,
    workspaceUuid: expect.stringMatching(/^\{[0-9a-f-]{36}\}$/),
  });
  await using without = await simulator.jobEnvironment("bitbucket", { parentEnv: process.env });
  const plain = decodeJwt(without.variables.BITBUCKET_STEP_OIDC_TOKEN ?? "");
  expect(plain.aud).toBe(`ari:cloud:bitbucket::workspace/${String(token.workspaceUuid).slice(1, -1)}`);
});
