import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type JobOptions, type Simulator, startSimulator } from "../index.ts";

const parentEnv = {
  PATH: "/usr/bin",
  HOME: "/home/ada",
  HF_HOME: "/home/ada/hf",
  HF_TOKEN: "hf_canaryCanaryCanary",
  CI: "1",
};

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

function mint(variables: Readonly<Record<string, string>>, query: string, bearer?: string): Promise<Response> {
  const authorization = `Bearer ${bearer ?? variables.ACTIONS_ID_TOKEN_REQUEST_TOKEN}`;
  return fetch(`${variables.ACTIONS_ID_TOKEN_REQUEST_URL}${query}`, { headers: { authorization } });
}

test("a GitHub job sees what its token says", async () => {
  const claims = { repository: "globex/model", ref: "refs/tags/v2", environment: "release" };
  await using job = await simulator.jobEnvironment("github", { parentEnv, claims, workingDirectory: "/checkout" });
  const { variables } = job;
  expect(variables).toMatchObject({
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_REPOSITORY: "globex/model",
    GITHUB_REPOSITORY_OWNER: "globex",
    GITHUB_REF: "refs/tags/v2",
    GITHUB_REF_NAME: "v2",
    GITHUB_REF_TYPE: "tag",
    GITHUB_REF_PROTECTED: "false",
    GITHUB_EVENT_NAME: "push",
    GITHUB_WORKFLOW: "Publish model",
    GITHUB_WORKFLOW_REF: "globex/model/.github/workflows/publish.yml@refs/tags/v2",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_API_URL: "https://api.github.com",
    GITHUB_WORKSPACE: "/checkout",
    RUNNER_OS: "Linux",
    RUNNER_ENVIRONMENT: "github-hosted",
    PATH: "/usr/bin",
    HOME: "/home/ada",
  });
  const { value } = await (await mint(variables, "&audience=https%3A%2F%2Fhub.example")).json();
  const token = decodeJwt(value);
  expect(token).toMatchObject({ environment: "release", aud: "https://hub.example" });
  for (const [variable, claim] of [
    ["GITHUB_REPOSITORY_ID", "repository_id"],
    ["GITHUB_REPOSITORY_OWNER_ID", "repository_owner_id"],
    ["GITHUB_SHA", "sha"],
    ["GITHUB_WORKFLOW_SHA", "workflow_sha"],
    ["GITHUB_RUN_ID", "run_id"],
    ["GITHUB_RUN_NUMBER", "run_number"],
    ["GITHUB_RUN_ATTEMPT", "run_attempt"],
    ["GITHUB_ACTOR", "actor"],
    ["GITHUB_ACTOR_ID", "actor_id"],
  ] as const) {
    expect(variables[variable], variable).toBe(token[claim]);
  }
});

test.each(["github", "gitlab"] as const)(
  "no secret and no stored login of the parent reaches a %s job",
  async (provider) => {
    await using job = await simulator.jobEnvironment(provider, { parentEnv });
    expect(JSON.stringify(job.variables)).not.toContain("canary");
    expect(job.variables.HF_TOKEN).toBeUndefined();
    expect(job.variables.HF_HOME).not.toBe("/home/ada/hf");
  },
);

test("a workflow's own env is taken as it is", async () => {
  const env = { HF_TOKEN: "hf_chosenOnPurpose", HF_HOME: "/cache" };
  await using job = await simulator.jobEnvironment("github", { parentEnv, env });
  expect(job.variables).toMatchObject(env);
});

test("the files that variables name exist, are private, and are gone afterwards", async () => {
  const job = await simulator.jobEnvironment("github", { parentEnv });
  const files = ["GITHUB_EVENT_PATH", "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"].map(
    (name) => job.variables[name] ?? name,
  );
  for (const file of files) expect((await stat(file)).mode & 0o077, file).toBe(0);
  expect((await stat(job.workingDirectory)).isDirectory()).toBe(true);
  expect((await stat(job.variables.RUNNER_TEMP ?? "")).isDirectory()).toBe(true);
  await job[Symbol.asyncDispose]();
  for (const file of files) expect(existsSync(file)).toBe(false);
  expect(existsSync(dirname(job.workingDirectory))).toBe(false);
});

test("each token request gives a new token, and the audience is the owner's page unless asked", async () => {
  await using job = await simulator.jobEnvironment("github", { parentEnv });
  const answers = await Promise.all(["", "&audience=", "&audience=x"].map((query) => mint(job.variables, query)));
  const tokens = await Promise.all(answers.map(async (answer) => decodeJwt((await answer.json()).value)));
  expect(tokens.map((token) => token.aud)).toEqual(["https://github.com/acme", "https://github.com/acme", "x"]);
  expect(new Set(tokens.map((token) => token.jti)).size).toBe(3);
});

test("a client that replaces the query is served too", async () => {
  await using job = await simulator.jobEnvironment("github", { parentEnv });
  const url = new URL(job.variables.ACTIONS_ID_TOKEN_REQUEST_URL ?? "");
  expect(url.search).toBe("?api-version=2.0");
  url.search = "?audience=x";
  const headers = { authorization: `bearer ${job.variables.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` };
  expect((await fetch(url, { headers })).status).toBe(200);
});

test("a job's endpoint takes that job's bearer only", async () => {
  await using job = await simulator.jobEnvironment("github", { parentEnv });
  await using other = await simulator.jobEnvironment("github", { parentEnv });
  const foreign = other.variables.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? "";
  expect((await mint(job.variables, "", foreign)).status).toBe(401);
  expect((await mint(job.variables, "", "")).status).toBe(401);
  expect((await fetch(job.variables.ACTIONS_ID_TOKEN_REQUEST_URL ?? "")).status).toBe(401);
  expect((await mint(job.variables, "")).status).toBe(200);
});

test.each(["no-id-token", "fork-pull-request"] as const)(
  "a %s job on GitHub has nothing to ask with",
  async (scenario) => {
    await using job = await simulator.jobEnvironment("github", { parentEnv, scenario });
    expect(Object.keys(job.variables).filter((name) => name.startsWith("ACTIONS_"))).toEqual([]);
    expect(job.variables.GITHUB_ACTIONS).toBe("true");
  },
);

test("a pull request from a fork looks like one, one from the same repository does not", async () => {
  const event = async (options: Partial<JobOptions>) => {
    await using job = await simulator.jobEnvironment("github", { parentEnv, ...options });
    expect(job.variables).toMatchObject({ GITHUB_EVENT_NAME: "pull_request", GITHUB_REF_NAME: "7/merge" });
    return JSON.parse(await readFile(job.variables.GITHUB_EVENT_PATH ?? "", "utf8"));
  };
  const fork = await event({ scenario: "fork-pull-request" });
  expect(fork.pull_request.head.repo).toMatchObject({ fork: true, full_name: "mallory/train" });
  expect(fork.pull_request.base.repo.full_name).toBe("acme/train");
  const own = await event({ claims: { event_name: "pull_request" } });
  expect(own.pull_request.head.repo).toMatchObject({ fork: false, full_name: "acme/train" });
});

test("a GitLab job finds its tokens in the variables that id_tokens names", async () => {
  await using job = await simulator.jobEnvironment("gitlab", { parentEnv, audiences: ["https://hub.example"] });
  expect(job.variables).toMatchObject({
    CI: "true",
    GITLAB_CI: "true",
    CI_SERVER_URL: simulator.issuerUrl("gitlab"),
    CI_PROJECT_ID: "20",
    CI_PROJECT_PATH: "acme/train",
    CI_COMMIT_REF_NAME: "main",
    CI_COMMIT_BRANCH: "main",
  });
  const token = decodeJwt(job.variables.POSTERN_ID_TOKEN ?? "");
  expect(token).toMatchObject({ aud: "https://hub.example", iss: simulator.issuerUrl("gitlab") });
  expect(job.variables.CI_JOB_ID).toBe(token.job_id);
  expect(job.variables.CI_PIPELINE_ID).toBe(token.pipeline_id);
  expect(job.variables.CI_COMMIT_SHA).toBe(token.sha);
});

test("a GitLab job may have several tokens, or one for several audiences", async () => {
  const idTokens = { FIRST: ["https://a.example"], BOTH: ["https://a.example", "https://b.example"] };
  await using job = await simulator.jobEnvironment("gitlab", { parentEnv, idTokens });
  expect(decodeJwt(job.variables.FIRST ?? "").aud).toBe("https://a.example");
  expect(decodeJwt(job.variables.BOTH ?? "").aud).toEqual(["https://a.example", "https://b.example"]);
  expect(job.variables.POSTERN_ID_TOKEN).toBeUndefined();
});

test("a GitLab job without id_tokens has none", async () => {
  await using job = await simulator.jobEnvironment("gitlab", { parentEnv, scenario: "no-id-token" });
  expect(Object.values(job.variables).filter((value) => value.startsWith("ey"))).toEqual([]);
});

test("a tag and a merge request on GitLab are told apart by what is set", async () => {
  await using tag = await simulator.jobEnvironment("gitlab", { parentEnv, claims: { ref_type: "tag" } });
  expect(tag.variables).toMatchObject({ CI_COMMIT_TAG: "v1.0.0" });
  expect(tag.variables.CI_COMMIT_BRANCH).toBeUndefined();
  await using fork = await simulator.jobEnvironment("gitlab", { parentEnv, scenario: "fork-pull-request" });
  expect(fork.variables).toMatchObject({
    CI_PIPELINE_SOURCE: "merge_request_event",
    CI_MERGE_REQUEST_PROJECT_PATH: "acme/train",
    CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: "mallory/train",
  });
  expect(fork.variables.CI_COMMIT_BRANCH).toBeUndefined();
});
