import { AUDIENCE, START } from "./exchange-stage.contract.ts";
import type { LocalIssuer } from "./local-issuer.contract.ts";

/** A token's claims; a test changes one of them. */
export type Claims = Record<string, unknown>;

let serial = 0;

/** What GitHub signs for a push to `main` of `acme/train` (trusted-publishing §1.3). Each call has its own `jti`. */
export function githubClaims(issuer: LocalIssuer, changes: Claims = {}): Claims {
  serial += 1;
  return {
    iss: issuer.url,
    aud: AUDIENCE,
    sub: "repo:acme@123456/train@456789:ref:refs/heads/main",
    jti: `jti-${serial}`,
    iat: START,
    nbf: START - 300,
    exp: START + 300,
    repository: "acme/train",
    repository_id: "456789",
    repository_owner: "acme",
    repository_owner_id: "123456",
    repository_visibility: "public",
    ref: "refs/heads/main",
    ref_type: "branch",
    ref_protected: "true",
    sha: "9f31bb77c7dd6c1c3b7de6d0e5f4b8f9a1c2d3e4",
    workflow: "Publish model",
    workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/main",
    workflow_sha: "9f31bb77c7dd6c1c3b7de6d0e5f4b8f9a1c2d3e4",
    job_workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/main",
    job_workflow_sha: "9f31bb77c7dd6c1c3b7de6d0e5f4b8f9a1c2d3e4",
    event_name: "push",
    head_ref: "",
    base_ref: "",
    actor: "octocat",
    actor_id: "12",
    run_id: "8812",
    run_number: "10",
    run_attempt: "1",
    runner_environment: "github-hosted",
    ...changes,
  };
}

/** What GitLab signs for a push to `main` of `acme/train`. */
export function gitlabClaims(issuer: LocalIssuer, changes: Claims = {}): Claims {
  serial += 1;
  return {
    iss: issuer.url,
    aud: AUDIENCE,
    sub: "project_path:acme/train:ref_type:branch:ref:main",
    jti: `jti-${serial}`,
    iat: START,
    nbf: START - 5,
    exp: START + 3600,
    namespace_id: "72",
    namespace_path: "acme",
    project_id: "20",
    project_path: "acme/train",
    job_project_id: "20",
    job_project_path: "acme/train",
    pipeline_source: "push",
    job_id: "302",
    ref: "main",
    ref_type: "branch",
    ref_path: "refs/heads/main",
    ref_protected: "true",
    runner_id: 1,
    sha: "714a629c0b401fdce83e847fc9589983fc6f46bc",
    ci_config_ref_uri: "gitlab.com/acme/train//.gitlab-ci.yml@refs/heads/main",
    ...changes,
  };
}

/** The publisher of `design.md` §3. */
export const GITHUB_PIN = {
  repository: "acme/train",
  repository_id: "456789",
  repository_owner_id: "123456",
  branch: "main",
  workflow: "publish.yml",
} as const;
