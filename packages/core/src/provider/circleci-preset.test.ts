import { describe, expect, it } from "vitest";
import { triggerSignalOf } from "../match/trigger-signal.ts";
import { CIRCLECI_PRESET } from "./circleci-preset.ts";
import { readConfiguredClaim } from "./configured-claim.ts";

const JOB = {
  "oidc.circleci.com/project-id": "e1b2e1b2-0000-4000-8000-000000000001",
  "oidc.circleci.com/vcs-origin": "github.com/acme/train",
  "oidc.circleci.com/vcs-ref": "refs/heads/main",
  "oidc.circleci.com/ssh-rerun": false,
  "oidc.circleci.com/workflow-id": "fbb2a10f-66e9-4b05-8d0b-5f2f5f1c6d10",
} as const;

function read(name: string, changes: Readonly<Record<string, string>> = {}): unknown {
  return readConfiguredClaim(CIRCLECI_PRESET, { ...JOB, ...changes }, name);
}

describe("the CircleCI preset", () => {
  it.each<readonly [string, unknown, Readonly<Record<string, string>>]>([
    ["oidc.circleci.com/project-id", "e1b2e1b2-0000-4000-8000-000000000001", {}],
    ["oidc.circleci.com/ssh-rerun", false, {}],
    ["branch", "main", {}],
    ["branch", "a/b", { "oidc.circleci.com/vcs-ref": "refs/heads/a/b" }],
    ["branch", undefined, { "oidc.circleci.com/vcs-ref": "refs/tags/main" }],
    ["branch", undefined, { "oidc.circleci.com/vcs-ref": "main" }],
    ["branch", undefined, { "oidc.circleci.com/vcs-ref": "refs/heads/" }],
    ["branch", undefined, { "oidc.circleci.com/vcs-ref": "refs/pull/7/head" }],
    ["tag", "v1", { "oidc.circleci.com/vcs-ref": "refs/tags/v1" }],
    ["tag", undefined, {}],
  ])("reads %s as %j with %j", (name, expected, changes) => expect(read(name, changes)).toBe(expected));

  it.each([
    [undefined, false],
    [undefined, undefined],
    ["TP1911", true],
    ["TP1911", "true"],
    ["TP1911", "false"],
    ["TP1911", null],
  ])("says %s where ssh-rerun is %j", (code, value) => {
    const { "oidc.circleci.com/ssh-rerun": _, ...others } = JOB;
    const claims = value === undefined ? others : { ...others, "oidc.circleci.com/ssh-rerun": value };
    expect(triggerSignalOf(CIRCLECI_PRESET, claims)?.code).toBe(code);
  });

  it("leads to the workflow's page, and nowhere from a hostile id", () => {
    const issuer = "https://oidc.circleci.com";
    expect(CIRCLECI_PRESET.runUrl(JOB, issuer)).toBe(
      "https://circleci.com/workflow-run/fbb2a10f-66e9-4b05-8d0b-5f2f5f1c6d10",
    );
    expect(CIRCLECI_PRESET.runUrl({ ...JOB, "oidc.circleci.com/workflow-id": "../../x" }, issuer)).toBeUndefined();
  });
});
