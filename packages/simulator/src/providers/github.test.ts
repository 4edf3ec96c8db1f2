import { decodeJwt, type JWTPayload } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ClaimOverrides, type Simulator, startSimulator, type TokenRequest } from "../index.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

async function claimsOf(request: TokenRequest = {}): Promise<JWTPayload> {
  return decodeJwt(await simulator.issueToken("github", request));
}

const TEXT_CLAIMS = [
  ...["sub", "aud", "iss", "jti", "ref", "ref_type", "ref_protected", "sha"],
  ...["repository", "repository_id", "repository_owner", "repository_owner_id", "repository_visibility"],
  ...["actor", "actor_id", "workflow", "workflow_ref", "workflow_sha", "job_workflow_ref", "job_workflow_sha"],
  ...["event_name", "head_ref", "base_ref", "run_id", "run_number", "run_attempt", "runner_environment"],
  "check_run_id",
];

test("carries exactly the claims of a GitHub token, ids and flags as strings, times as numbers", async () => {
  const types = Object.entries(await claimsOf()).map(([name, value]) => [name, typeof value]);
  const expected = [
    ...TEXT_CLAIMS.map((name) => [name, "string"]),
    ...["iat", "nbf", "exp"].map((name) => [name, "number"]),
  ];
  expect(Object.fromEntries(types)).toEqual(Object.fromEntries(expected));
});

test("agrees with the documentation's example", async () => {
  expect(await claimsOf({ audience: "https://hub.example", claims: { environment: "release" } })).toMatchObject({
    aud: "https://hub.example",
    sub: "repo:acme@123456/train@456789:environment:release",
    repository: "acme/train",
    repository_id: "456789",
    repository_owner: "acme",
    repository_owner_id: "123456",
    ref: "refs/heads/main",
    ref_type: "branch",
    ref_protected: "true",
    workflow: "Publish model",
    workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/main",
    event_name: "push",
    head_ref: "",
    base_ref: "",
    environment: "release",
    environment_node_id: expect.any(String),
  });
});

test("is valid from five minutes before to five minutes after it was made", async () => {
  const { iat, nbf, exp } = await claimsOf({ claims: { iat: 1_790_000_000 } });
  expect({ iat, nbf, exp }).toEqual({ iat: 1_790_000_000, nbf: 1_789_999_700, exp: 1_790_000_300 });
});

test("is for the owner's page unless an audience is asked for", async () => {
  expect((await claimsOf({ claims: { repository: "globex/model" } })).aud).toBe("https://github.com/globex");
  expect((await claimsOf({ audience: ["https://a.example", "https://b.example"] })).aud).toEqual([
    "https://a.example",
    "https://b.example",
  ]);
});

test("has the older subject on request", async () => {
  expect((await claimsOf({ githubSubject: "names" })).sub).toBe("repo:acme/train:ref:refs/heads/main");
});

const OVERRIDES: readonly (readonly [title: string, overrides: ClaimOverrides, expected: ClaimOverrides])[] = [
  [
    "repository moves everything that names it",
    { repository: "globex/model" },
    {
      repository: "globex/model",
      repository_owner: "globex",
      workflow_ref: "globex/model/.github/workflows/publish.yml@refs/heads/main",
      job_workflow_ref: "globex/model/.github/workflows/publish.yml@refs/heads/main",
    },
  ],
  [
    "an overridden dependent stays",
    { repository: "globex/model", repository_owner: "acme" },
    { repository_owner: "acme" },
  ],
  ["repository_owner moves the repository", { repository_owner: "globex" }, { repository: "globex/train" }],
  [
    "ref moves the workflow and the subject",
    { ref: "refs/heads/dev" },
    {
      sub: "repo:acme@123456/train@456789:ref:refs/heads/dev",
      ref_protected: "false",
      workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/dev",
    },
  ],
  ["a tag is a tag", { ref: "refs/tags/v2" }, { ref_type: "tag", ref: "refs/tags/v2" }],
  ["ref_type alone finds a tag", { ref_type: "tag" }, { ref: "refs/tags/v1.0.0" }],
  [
    "a pull request runs on the merge commit",
    { event_name: "pull_request" },
    {
      ref: "refs/pull/7/merge",
      head_ref: "change",
      base_ref: "main",
      sub: "repo:acme@123456/train@456789:pull_request",
    },
  ],
  [
    "pull_request_target runs on the base",
    { event_name: "pull_request_target" },
    { ref: "refs/heads/main", head_ref: "change" },
  ],
  [
    "a workflow named by its file chooses the file",
    { workflow: "release.yml" },
    { workflow: "release.yml", workflow_ref: "acme/train/.github/workflows/release.yml@refs/heads/main" },
  ],
  [
    "a display name does not",
    { workflow: "Ship it" },
    { workflow: "Ship it", workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/main" },
  ],
  [
    "a reusable workflow differs from its caller",
    { job_workflow_ref: "tools/ci/.github/workflows/push.yml@refs/tags/v1" },
    {
      job_workflow_ref: "tools/ci/.github/workflows/push.yml@refs/tags/v1",
      workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/main",
    },
  ],
  [
    "an environment cannot forge a subject",
    { environment: "a:ref:b" },
    { sub: "repo:acme@123456/train@456789:environment:a%3Aref%3Ab" },
  ],
  ["a removed claim is absent", { run_id: undefined }, { run_id: undefined }],
  [
    "a removed claim leaves its dependents",
    { repository: undefined },
    { repository: undefined, repository_owner: "acme" },
  ],
  ["a wrong type is kept as it is", { repository_id: 456789 }, { repository_id: 456789 }],
  ["an unknown claim is added", { repo_property_team: "ml" }, { repo_property_team: "ml" }],
  [
    "times and identity can be chosen",
    { exp: 1, jti: "mine", iss: "https://x.example" },
    { exp: 1, jti: "mine", iss: "https://x.example" },
  ],
];

test.each(OVERRIDES)("%s", async (_title, claims, expected) => {
  const token = await claimsOf({ claims });
  for (const [name, value] of Object.entries(expected)) expect(token[name], name).toEqual(value);
});

test("ids follow the name, not the run, and not its case", async () => {
  await using other = await startSimulator();
  const claims = { repository: "globex/model" };
  const first = await claimsOf({ claims });
  const second = decodeJwt(await other.issueToken("github", { claims: { repository: "Globex/Model" } }));
  expect(first.repository_id).toMatch(/^[0-9]{9}$/);
  expect(second.repository_id).toBe(first.repository_id);
  expect(second.repository_owner_id).toBe(first.repository_owner_id);
  expect((await claimsOf({ claims: { repository: "globex/other" } })).repository_id).not.toBe(first.repository_id);
});
