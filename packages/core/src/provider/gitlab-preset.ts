import {
  gitlabBranch,
  gitlabCommitUrl,
  gitlabConfigFile,
  gitlabIsForkContext,
  gitlabRunUrl,
  gitlabTag,
  isMergeRequest,
} from "./gitlab-derived.ts";
import type { ClaimDefinition, ProviderPreset } from "./provider-preset.ts";

const plain: ClaimDefinition = { type: "string" };
const chosen: ClaimDefinition = { type: "string", text: true };
const path: ClaimDefinition = { type: "string", compare: "ci-ascii" };
const digits: ClaimDefinition = {
  type: "string",
  shape: { pattern: /^[0-9]{1,20}$/, hint: "Give the numeric id as a string of digits." },
};
const flag: ClaimDefinition = {
  type: "string",
  shape: { pattern: /^(?:true|false)$/, hint: "GitLab sends the string true or false." },
};
const shortRef: ClaimDefinition = {
  type: "string",
  text: true,
  shape: { pattern: /^(?!refs\/)/, hint: "Give the short name, without refs/heads/ or refs/tags/." },
};

/** GitLab CI/CD: gitlab.com and self-hosted instances. */
export const GITLAB_PRESET: ProviderPreset = {
  id: "gitlab",
  title: "GitLab CI/CD",
  publicIssuers: ["https://gitlab.com"],
  // A self-hosted instance may live at any URL.
  issuerShapes: [/^https:\/\/[A-Za-z0-9.-]+(?::[0-9]+)?(?:\/[A-Za-z0-9._~/-]*)?$/],
  ownHosts: [/^gitlab\.com$/],
  keyOrigins: [],
  algorithms: ["RS256"],
  claims: {
    sub: chosen,
    namespace_id: digits,
    namespace_path: path,
    project_id: digits,
    project_path: path,
    user_id: digits,
    user_login: plain,
    user_email: chosen,
    user_access_level: plain,
    pipeline_id: digits,
    pipeline_source: plain,
    job_id: digits,
    job_source: plain,
    ref: chosen,
    ref_type: { ...plain, shape: { pattern: /^(?:branch|tag)$/, hint: "GitLab sends branch or tag." } },
    ref_path: chosen,
    ref_protected: flag,
    environment: chosen,
    environment_protected: flag,
    environment_action: plain,
    deployment_tier: plain,
    runner_id: { type: "number" },
    runner_environment: plain,
    sha: plain,
    project_visibility: plain,
    ci_config_ref_uri: chosen,
    ci_config_sha: plain,
    job_project_id: digits,
    job_project_path: path,
    job_namespace_id: digits,
    job_namespace_path: path,
  },
  claimPrefixes: {},
  derived: {
    branch: { ...shortRef, derive: gitlabBranch },
    tag: { ...shortRef, derive: gitlabTag },
    workflow: {
      type: "string",
      text: true,
      shape: { pattern: /^[^/].*\.ya?ml$/, hint: "Give the CI file's path in the project, such as .gitlab-ci.yml." },
      derive: gitlabConfigFile,
    },
    is_fork_context: { type: "boolean", derive: gitlabIsForkContext },
  },
  openClaims: false,
  // `job_project_id` says where a job runs, not whose code it is, so it proves no tenant.
  tenantClaims: ["project_id", "namespace_id"],
  proofs: [["project_id"], ["namespace_id", "project_path"]],
  project: {
    id: "project_id",
    ownerId: "namespace_id",
    names: ["project_path"],
    ownerNames: ["namespace_path"],
    // A subgroup keeps its id below another parent, whose owners then own its projects too.
    ownersNest: true,
  },
  triggerRules: [
    { code: "TP1903", applies: gitlabIsForkContext, unlessPinned: undefined },
    { code: "TP1902", applies: isMergeRequest, unlessPinned: "pipeline_source" },
  ],
  // A GitLab job gets one token for its whole life, and every command in it exchanges that token anew.
  replay: { withJti: { kind: "bounded", maxUses: 10 }, withoutJti: { kind: "bounded", maxUses: 10 } },
  // A GitLab token lives as long as its job may run.
  maxAgeSeconds: 86_400,
  source: {
    repository: "project_path",
    repositoryId: "project_id",
    workflow: "ci_config_ref_uri",
    ref: "ref_path",
    sha: "sha",
  },
  runUrl: gitlabRunUrl,
  commitUrl: gitlabCommitUrl,
};
