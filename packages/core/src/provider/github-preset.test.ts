import { describe, expect, it } from "vitest";
import { readConfiguredClaim } from "./configured-claim.ts";
import { GITHUB_PRESET } from "./github-preset.ts";

const HASH = "9f31bb77c7dd6c1c3b7de6d0e5f4b8f9a1c2d3e4";
const OTHER = "1111111111111111111111111111111111111111";
const PUSH: Readonly<Record<string, string>> = {
  repository: "acme/train",
  ref: "refs/heads/main",
  ref_type: "branch",
  sha: HASH,
  workflow: "Publish model",
  workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/main",
  workflow_sha: HASH,
  job_workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/main",
  job_workflow_sha: HASH,
  event_name: "push",
  head_ref: "",
  environment: "",
  run_id: "8812",
};

function read(name: string, changes: Readonly<Record<string, string>> = {}): unknown {
  return readConfiguredClaim(GITHUB_PRESET, { ...PUSH, ...changes }, name);
}

describe("the derived claims of GitHub", () => {
  it.each<readonly [string, unknown, Readonly<Record<string, string>>]>([
    ["branch", "main", {}],
    ["branch", "feature/a/b", { ref: "refs/heads/feature/a/b" }],
    ["branch", undefined, { ref: "refs/tags/main", ref_type: "tag" }],
    ["branch", undefined, { ref: "refs/tags/main" }],
    ["branch", undefined, { ref: "refs/pull/1/merge" }],
    ["branch", undefined, { ref: "refs/pull/1/merge", head_ref: "main" }],
    ["branch", undefined, { ref: "refs/heads/" }],
    ["branch", undefined, { ref: "main" }],
    ["branch", undefined, { ref_type: "" }],
    ["tag", "v1", { ref: "refs/tags/v1", ref_type: "tag" }],
    ["tag", undefined, { ref: "refs/heads/v1", ref_type: "tag" }],
    ["tag", undefined, {}],
    ["workflow", "publish.yml", {}],
    ["workflow", "publish.yml", { workflow_ref: "ACME/Train/.github/workflows/publish.yml@refs/heads/main" }],
    ["workflow", "publish.yml", { ref: "", workflow_ref: `acme/train/.github/workflows/publish.yml@${HASH}` }],
    ["workflow", "a@b.yml", { workflow_ref: "acme/train/.github/workflows/a@b.yml@refs/heads/main" }],
    ["workflow", undefined, { workflow_ref: "" }],
    ["workflow", undefined, { workflow_ref: "evil/train/.github/workflows/publish.yml@refs/heads/main" }],
    ["workflow", undefined, { workflow_ref: "acme/train-evil/.github/workflows/publish.yml@refs/heads/main" }],
    ["workflow", undefined, { workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/other" }],
    ["workflow", undefined, { workflow_ref: "acme/train/.github/workflows/x/publish.yml@refs/heads/main" }],
    [
      "workflow",
      "evil.yml",
      {
        ref: "refs/heads/publish.yml@refs/heads/main",
        workflow_ref: "acme/train/.github/workflows/evil.yml@refs/heads/publish.yml@refs/heads/main",
      },
    ],
    ["caller_workflow", "publish.yml", { job_workflow_ref: "acme/ci/.github/workflows/reuse.yml@refs/tags/v1" }],
    ["called_workflow", "reuse.yml", { job_workflow_ref: "acme/ci/.github/workflows/reuse.yml@refs/tags/v1" }],
    ["called_workflow_repo", "acme/ci", { job_workflow_ref: "acme/ci/.github/workflows/reuse.yml@refs/tags/v1" }],
    ["called_workflow_ref", "refs/tags/v1", { job_workflow_ref: "acme/ci/.github/workflows/reuse.yml@refs/tags/v1" }],
    [
      "called_workflow_ref",
      OTHER,
      { job_workflow_ref: `acme/ci/.github/workflows/r.yml@${OTHER}`, job_workflow_sha: OTHER },
    ],
    ["called_workflow_ref", undefined, { job_workflow_ref: `acme/ci/.github/workflows/r.yml@${OTHER}` }],
    ["is_reusable", false, {}],
    ["is_reusable", true, { job_workflow_ref: "acme/ci/.github/workflows/reuse.yml@refs/tags/v1" }],
    ["is_reusable", undefined, { job_workflow_ref: "" }],
    ["is_fork_context", false, {}],
    ["is_fork_context", true, { event_name: "pull_request" }],
    ["is_fork_context", true, { event_name: "pull_request_target" }],
    ["is_fork_context", true, { ref: "refs/pull/7/merge" }],
    ["environment", undefined, {}],
    ["event_name", "push", {}],
  ])("%s is %j with %j", (name, expected, changes) => expect(read(name, changes)).toBe(expected));

  it.each([
    ["https://token.actions.githubusercontent.com", "https://github.com/acme/train/actions/runs/8812"],
    ["https://token.actions.githubusercontent.com/acme", "https://github.com/acme/train/actions/runs/8812"],
    ["https://token.actions.octo.ghe.com", "https://octo.ghe.com/acme/train/actions/runs/8812"],
    ["https://ghes.example/_services/token", "https://ghes.example/acme/train/actions/runs/8812"],
  ])("finds the run of a job of %s", (issuer, url) => expect(GITHUB_PRESET.runUrl(PUSH, issuer)).toBe(url));

  it("makes no address from hostile parts", () => {
    const issuer = "https://token.actions.githubusercontent.com";
    expect(GITHUB_PRESET.runUrl({ ...PUSH, run_id: "1/../../x" }, issuer)).toBeUndefined();
    expect(GITHUB_PRESET.runUrl({ ...PUSH, repository: "acme/x?y" }, issuer)).toBeUndefined();
    expect(GITHUB_PRESET.commitUrl({ ...PUSH, sha: "main" }, issuer)).toBeUndefined();
    expect(GITHUB_PRESET.commitUrl(PUSH, issuer)).toBe(`https://github.com/acme/train/commit/${HASH}`);
  });
});
