import { describe, expect, it } from "vitest";
import { triggerSignalOf } from "../match/trigger-signal.ts";
import { readConfiguredClaim } from "./configured-claim.ts";
import { FORGEJO_PRESET } from "./forgejo-preset.ts";

const ISSUER = "https://git.example/forge/api/actions";
const HASH = "9f31bb77c7dd6c1c3b7de6d0e5f4b8f9a1c2d3e4";
const PUSH: Readonly<Record<string, string>> = {
  repository: "acme/train",
  repository_id: "456",
  ref: "refs/heads/main",
  ref_type: "branch",
  sha: HASH,
  event_name: "push",
  workflow: "publish.yml",
  workflow_ref: "acme/train/.forgejo/workflows/publish.yml@refs/heads/main",
  run_number: "7",
};

describe("the Forgejo preset", () => {
  it.each<readonly [string, unknown, Readonly<Record<string, string>>]>([
    ["branch", "main", {}],
    ["branch", undefined, { ref: "refs/pull/7/head" }],
    ["tag", "v1", { ref: "refs/tags/v1", ref_type: "tag" }],
    ["workflow", "publish.yml", {}],
    ["workflow", "a.yaml", { workflow_ref: "acme/train/.gitea/workflows/a.yaml@refs/heads/main" }],
    ["workflow", "a.yaml", { workflow_ref: "acme/train/.github/workflows/a.yaml@refs/heads/main" }],
    ["workflow", undefined, { workflow_ref: "acme/train/.evil/workflows/publish.yml@refs/heads/main" }],
    ["workflow", undefined, { workflow_ref: "evil/train/.forgejo/workflows/publish.yml@refs/heads/main" }],
    ["is_fork_context", true, { event_name: "pull_request" }],
  ])("reads %s as %j with %j", (name, expected, changes) => {
    expect(readConfiguredClaim(FORGEJO_PRESET, { ...PUSH, ...changes }, name)).toBe(expected);
  });

  it.each([
    [undefined, "push"],
    ["TP1901", "pull_request_target"],
    ["TP1903", "pull_request"],
  ])("says %s to a job of %s", (code, event_name) => {
    expect(triggerSignalOf(FORGEJO_PRESET, { ...PUSH, event_name })?.code).toBe(code);
  });

  it("leads to the run and the commit on the instance, wherever it is mounted", () => {
    expect(FORGEJO_PRESET.runUrl(PUSH, ISSUER)).toBe("https://git.example/forge/acme/train/actions/runs/7");
    expect(FORGEJO_PRESET.commitUrl(PUSH, ISSUER)).toBe(`https://git.example/forge/acme/train/commit/${HASH}`);
    expect(FORGEJO_PRESET.runUrl({ ...PUSH, run_number: "7/../x" }, ISSUER)).toBeUndefined();
    expect(FORGEJO_PRESET.commitUrl({ ...PUSH, repository: "acme" }, ISSUER)).toBeUndefined();
  });
});
