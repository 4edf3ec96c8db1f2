import { expect, it } from "vitest";
import { BITBUCKET_PRESET } from "./bitbucket-preset.ts";
import { readConfiguredClaim } from "./configured-claim.ts";

const ISSUER = "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc";
const STEP = {
  workspaceUuid: "{1f001f00-0000-4000-8000-000000000001}",
  repositoryUuid: "{9a8b9a8b-0000-4000-8000-000000000002}",
  pipelineUuid: "{77d177d1-0000-4000-8000-000000000003}",
  branchName: "main",
} as const;

it("derives the branch, and none where the token has none", () => {
  expect(readConfiguredClaim(BITBUCKET_PRESET, STEP, "branch")).toBe("main");
  expect(readConfiguredClaim(BITBUCKET_PRESET, { ...STEP, branchName: "" }, "branch")).toBeUndefined();
});

it("tolerates the default audience of the token's own workspace, and no other", () => {
  expect(BITBUCKET_PRESET.extraAudiences?.(STEP)).toEqual([
    "ari:cloud:bitbucket::workspace/1f001f00-0000-4000-8000-000000000001",
  ]);
  expect(BITBUCKET_PRESET.extraAudiences?.({ ...STEP, workspaceUuid: "{}" })).toEqual([]);
  expect(BITBUCKET_PRESET.extraAudiences?.({})).toEqual([]);
});

it("leads to the pipeline's page, and nowhere from a hostile id", () => {
  expect(BITBUCKET_PRESET.runUrl(STEP, ISSUER)).toBe(
    "https://bitbucket.org/%7B1f001f00-0000-4000-8000-000000000001%7D/%7B9a8b9a8b-0000-4000-8000-000000000002%7D/pipelines/results/%7B77d177d1-0000-4000-8000-000000000003%7D",
  );
  expect(BITBUCKET_PRESET.runUrl({ ...STEP, pipelineUuid: "{../..}" }, ISSUER)).toBeUndefined();
});
