import { decodeJwt, type JWTPayload } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ClaimOverrides, type Simulator, startSimulator, type TokenRequest } from "../index.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

async function claimsOf(request: TokenRequest = {}): Promise<JWTPayload> {
  return decodeJwt(await simulator.issueToken("gitlab", request));
}

const TEXT_CLAIMS = [
  ...["sub", "aud", "iss", "jti", "namespace_id", "namespace_path", "project_id", "project_path"],
  ...["user_id", "user_login", "user_email", "user_access_level", "pipeline_id", "pipeline_source", "job_id"],
  ...["job_source", "ref", "ref_type", "ref_path", "ref_protected", "runner_environment", "sha"],
  ...["project_visibility", "ci_config_ref_uri", "ci_config_sha"],
  ...["job_project_id", "job_project_path", "job_namespace_id", "job_namespace_path"],
];
const ENVIRONMENT_CLAIMS = ["environment", "environment_protected", "environment_action", "deployment_tier"];

test("carries exactly the claims of a GitLab token, ids as strings but for the runner's", async () => {
  const kind = (value: unknown): string => (Array.isArray(value) ? "array" : typeof value);
  const types = (payload: JWTPayload) => Object.fromEntries(Object.entries(payload).map(([n, v]) => [n, kind(v)]));
  const expected = Object.fromEntries([
    ...TEXT_CLAIMS.map((name) => [name, "string"]),
    ...["iat", "nbf", "exp", "runner_id"].map((name) => [name, "number"]),
    ...["user_identities", "groups_direct"].map((name) => [name, "array"]),
  ]);
  expect(types(await claimsOf())).toEqual(expected);
  const inEnvironment = Object.fromEntries(ENVIRONMENT_CLAIMS.map((name) => [name, "string"]));
  expect(types(await claimsOf({ claims: { environment: "release" } }))).toEqual({ ...expected, ...inEnvironment });
});

test("agrees with the documentation's example", async () => {
  expect(await claimsOf()).toMatchObject({
    sub: "project_path:acme/train:ref_type:branch:ref:main",
    namespace_id: "72",
    namespace_path: "acme",
    project_id: "20",
    project_path: "acme/train",
    job_project_id: "20",
    pipeline_source: "push",
    ref: "main",
    ref_path: "refs/heads/main",
    ref_protected: "true",
    runner_id: 1,
    ci_config_ref_uri: `${new URL(simulator.origin).host}/acme/train//.gitlab-ci.yml@refs/heads/main`,
    user_login: "dev",
    user_id: "1",
  });
});

test("lives as long as the job may", async () => {
  const { iat, nbf, exp } = await claimsOf({ claims: { iat: 1_790_000_000 } });
  expect({ iat, nbf, exp }).toEqual({ iat: 1_790_000_000, nbf: 1_789_999_995, exp: 1_790_003_600 });
});

const OVERRIDES: readonly (readonly [title: string, request: TokenRequest, expected: ClaimOverrides])[] = [
  [
    "project_path moves everything that names it, subgroups included",
    { claims: { project_path: "globex/research/model" } },
    {
      sub: "project_path:globex/research/model:ref_type:branch:ref:main",
      namespace_path: "globex/research",
      job_project_path: "globex/research/model",
      job_namespace_path: "globex/research",
    },
  ],
  [
    "an overridden project id is the job's too",
    { claims: { project_id: "9" } },
    { project_id: "9", job_project_id: "9" },
  ],
  ["a tag is a tag", { claims: { ref_type: "tag", ref: "v2" } }, { ref_path: "refs/tags/v2", ref_protected: "false" }],
  ["ref_path alone says it all", { claims: { ref_path: "refs/tags/v3" } }, { ref_type: "tag", ref: "v3" }],
  [
    "a merge request states its source branch",
    { claims: { pipeline_source: "merge_request_event" } },
    { ref_path: "refs/heads/change", job_source: "merge_request_event" },
  ],
  [
    "a fork's merge request runs elsewhere than it belongs",
    { scenario: "fork-pull-request" },
    {
      project_path: "acme/train",
      job_project_path: "mallory/train",
      job_namespace_path: "mallory",
      pipeline_source: "merge_request_event",
      user_login: "mallory",
    },
  ],
  ["a typed claim stays typed", { claims: { runner_id: 7 } }, { runner_id: 7 }],
  ["a removed claim is absent", { claims: { user_email: undefined } }, { user_email: undefined }],
];

test.each(OVERRIDES)("%s", async (_title, request, expected) => {
  const token = await claimsOf(request);
  for (const [name, value] of Object.entries(expected)) expect(token[name], name).toEqual(value);
});

test("a fork has ids of its own", async () => {
  const token = await claimsOf({ scenario: "fork-pull-request" });
  expect(token.project_id).toBe("20");
  expect(token.job_project_id).toMatch(/^[0-9]{9}$/);
});
