import { describe, expect, it } from "vitest";
import { readConfiguredClaim } from "./configured-claim.ts";
import { GITLAB_PRESET } from "./gitlab-preset.ts";

const PUSH: Readonly<Record<string, string>> = {
  project_id: "20",
  job_project_id: "20",
  project_path: "acme/group/train",
  pipeline_source: "push",
  ref: "main",
  ref_type: "branch",
  ref_path: "refs/heads/main",
  ci_config_ref_uri: "gitlab.com/acme/group/train//.gitlab-ci.yml@refs/heads/main",
  job_id: "302",
  sha: "714a629c0b401fdce83e847fc9589983fc6f46bc",
};

function read(name: string, changes: Readonly<Record<string, string>>): unknown {
  return readConfiguredClaim(GITLAB_PRESET, { ...PUSH, ...changes }, name);
}

describe("the derived claims of GitLab", () => {
  it.each<readonly [string, unknown, Readonly<Record<string, string>>]>([
    ["branch", "main", {}],
    ["branch", "feature/a", { ref: "feature/a" }],
    ["branch", undefined, { ref_type: "tag" }],
    ["branch", undefined, { pipeline_source: "merge_request_event" }],
    ["branch", undefined, { job_project_id: "666" }],
    ["tag", "v1", { ref: "v1", ref_type: "tag" }],
    ["workflow", ".gitlab-ci.yml", {}],
    [
      "workflow",
      "ci/publish.yml",
      { ci_config_ref_uri: "gitlab.com/acme/group/train//ci/publish.yml@refs/heads/main" },
    ],
    [
      "workflow",
      "evil.yml",
      { ref_path: "refs/heads/a@b", ci_config_ref_uri: "gitlab.com/acme/group/train//evil.yml@refs/heads/a@b" },
    ],
    [
      "workflow",
      ".gitlab-ci.yml",
      { ci_config_ref_uri: "host/gitlab/acme/group/train//.gitlab-ci.yml@refs/heads/main" },
    ],
    ["workflow", undefined, { ci_config_ref_uri: "gitlab.com/evil/train//.gitlab-ci.yml@refs/heads/main" }],
    ["workflow", undefined, { ci_config_ref_uri: "gitlab.com/xacme/group/train//.gitlab-ci.yml@refs/heads/main" }],
    ["workflow", undefined, { ci_config_ref_uri: "gitlab.com/acme/group/train/.gitlab-ci.yml" }],
    ["workflow", undefined, { ci_config_ref_uri: "gitlab.com/acme/group/train//.gitlab-ci.yml" }],
    ["is_fork_context", false, {}],
    ["is_fork_context", false, { job_project_id: "" }],
    ["is_fork_context", true, { job_project_id: "666" }],
  ])("%s is %j with %j", (name, expected, changes) => expect(read(name, changes)).toBe(expected));

  it("finds the job under the instance's own address", () => {
    expect(GITLAB_PRESET.runUrl(PUSH, "https://git.example/gitlab")).toBe(
      "https://git.example/gitlab/acme/group/train/-/jobs/302",
    );
    expect(GITLAB_PRESET.commitUrl(PUSH, "https://gitlab.com")).toBe(
      `https://gitlab.com/acme/group/train/-/commit/${PUSH.sha}`,
    );
    expect(GITLAB_PRESET.runUrl({ ...PUSH, project_path: "acme/../x y" }, "https://gitlab.com")).toBeUndefined();
  });
});
