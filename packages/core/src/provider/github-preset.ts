import type { ClaimSet } from "../claims/claim-set.ts";
import { readText } from "../claims/read-claim.ts";
import {
  githubBranch,
  githubCalledWorkflow,
  githubCommitUrl,
  githubIsForkContext,
  githubIsReusable,
  githubRunUrl,
  githubTag,
  githubWorkflowFile,
} from "./github-derived.ts";
import type { ClaimDefinition, ProviderPreset } from "./provider-preset.ts";

const plain: ClaimDefinition = { type: "string" };
const chosen: ClaimDefinition = { type: "string", text: true };
const digits: ClaimDefinition = {
  type: "string",
  shape: { pattern: /^[0-9]{1,20}$/, hint: "Give the numeric id as a string of digits." },
};
const flag: ClaimDefinition = {
  type: "string",
  shape: { pattern: /^(?:true|false)$/, hint: "GitHub sends the string true or false." },
};
const workflowFile: ClaimDefinition = {
  type: "string",
  text: true,
  shape: {
    pattern: /^[^/]+\.ya?ml$/,
    hint: "Give the file name in .github/workflows, such as publish.yml, not the display name and not the path.",
  },
};
const shortRef: ClaimDefinition = {
  type: "string",
  text: true,
  shape: { pattern: /^(?!refs\/)/, hint: "Give the short name, without refs/heads/ or refs/tags/." },
};
const fullName: ClaimDefinition = {
  type: "string",
  compare: "ci-ascii",
  shape: { pattern: /^[^/]+\/[^/]+$/, hint: "Give owner and name: acme/train." },
};

/** GitHub Actions: github.com, an enterprise's own issuer (slug or data residency) and GitHub Enterprise Server. */
export const GITHUB_PRESET: ProviderPreset = {
  id: "github",
  title: "GitHub Actions",
  publicIssuers: ["https://token.actions.githubusercontent.com"],
  issuerShapes: [
    /^https:\/\/token\.actions\.githubusercontent\.com$/,
    /^https:\/\/token\.actions\.githubusercontent\.com\/[A-Za-z0-9][A-Za-z0-9-]*$/,
    /^https:\/\/token\.actions\.[a-z0-9-]+\.ghe\.com$/,
    /^https:\/\/[A-Za-z0-9.-]+(?::[0-9]+)?\/_services\/token$/,
  ],
  ownHosts: [/^token\.actions\.githubusercontent\.com$/, /^token\.actions\.[a-z0-9-]+\.ghe\.com$/],
  // The keys of an enterprise's slug issuer stay at the root of the same host, which the same-origin rule covers.
  keyOrigins: [],
  algorithms: ["RS256"],
  claims: {
    sub: chosen,
    ref: chosen,
    ref_type: { ...plain, shape: { pattern: /^(?:branch|tag)$/, hint: "GitHub sends branch or tag." } },
    ref_protected: flag,
    sha: plain,
    repository: fullName,
    repository_id: digits,
    repository_owner: { type: "string", compare: "ci-ascii" },
    repository_owner_id: digits,
    repository_visibility: plain,
    actor: plain,
    actor_id: digits,
    workflow_ref: chosen,
    workflow_sha: plain,
    job_workflow_ref: chosen,
    job_workflow_sha: plain,
    event_name: plain,
    head_ref: chosen,
    base_ref: chosen,
    run_id: digits,
    run_number: digits,
    run_attempt: digits,
    runner_environment: plain,
    environment: { type: "string", compare: "ci-ascii", text: true },
    environment_node_id: plain,
    check_run_id: digits,
    enterprise: { type: "string", compare: "ci-ascii" },
    enterprise_id: digits,
  },
  claimPrefixes: { repo_property_: chosen },
  derived: {
    branch: { ...shortRef, derive: githubBranch },
    tag: { ...shortRef, derive: githubTag },
    workflow: { ...workflowFile, derive: githubWorkflowFile },
    caller_workflow: { ...workflowFile, derive: githubWorkflowFile },
    called_workflow: { ...workflowFile, derive: (claims: ClaimSet) => githubCalledWorkflow(claims)?.file },
    called_workflow_repo: { ...fullName, derive: (claims: ClaimSet) => githubCalledWorkflow(claims)?.repo },
    called_workflow_ref: { ...chosen, derive: (claims: ClaimSet) => githubCalledWorkflow(claims)?.ref },
    is_reusable: { type: "boolean", derive: githubIsReusable },
    is_fork_context: { type: "boolean", derive: githubIsForkContext },
  },
  openClaims: false,
  tenantClaims: ["repository_id", "repository_owner_id"],
  proofs: [["repository_id"], ["repository_owner_id", "repository"]],
  project: {
    id: "repository_id",
    ownerId: "repository_owner_id",
    names: ["repository"],
    ownerNames: ["repository_owner"],
  },
  triggerRules: [
    // Runs the base repo's workflow, with its secrets, on a stranger's pull request.
    {
      code: "TP1901",
      applies: (claims) => readText(claims, "event_name") === "pull_request_target",
      unlessPinned: undefined,
    },
    // A bridge from an unprivileged pull request run to a privileged one.
    {
      code: "TP1902",
      applies: (claims) => readText(claims, "event_name") === "workflow_run",
      unlessPinned: "event_name",
    },
    { code: "TP1903", applies: githubIsForkContext, unlessPinned: "event_name" },
  ],
  // The runner mints a fresh token for every process, so nobody honest needs one twice.
  replay: { withJti: { kind: "single-use" }, withoutJti: { kind: "single-use" } },
  maxAgeSeconds: 3600,
  source: { repository: "repository", repositoryId: "repository_id", workflow: "workflow_ref", ref: "ref", sha: "sha" },
  runUrl: githubRunUrl,
  commitUrl: githubCommitUrl,
};
