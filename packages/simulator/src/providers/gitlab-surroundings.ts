import { textClaim } from "../claim/apply-overrides.ts";
import type { JobDescription, JobSurroundings, JobTokens } from "./simulated-provider.ts";

/** GitLab's predefined variables, under the claims that hold the same facts. */
const VARIABLE_OF_CLAIM: readonly (readonly [claim: string, variable: string])[] = [
  ["project_id", "CI_PROJECT_ID"],
  ["project_path", "CI_PROJECT_PATH"],
  ["namespace_path", "CI_PROJECT_NAMESPACE"],
  ["namespace_id", "CI_PROJECT_NAMESPACE_ID"],
  ["project_visibility", "CI_PROJECT_VISIBILITY"],
  ["pipeline_id", "CI_PIPELINE_ID"],
  ["pipeline_source", "CI_PIPELINE_SOURCE"],
  ["job_id", "CI_JOB_ID"],
  ["sha", "CI_COMMIT_SHA"],
  ["ref", "CI_COMMIT_REF_NAME"],
  ["ref_protected", "CI_COMMIT_REF_PROTECTED"],
  ["environment", "CI_ENVIRONMENT_NAME"],
  ["environment_action", "CI_ENVIRONMENT_ACTION"],
  ["deployment_tier", "CI_ENVIRONMENT_TIER"],
  ["user_login", "GITLAB_USER_LOGIN"],
  ["user_id", "GITLAB_USER_ID"],
  ["user_email", "GITLAB_USER_EMAIL"],
];

/** What a script of a GitLab CI job sees, its `id_tokens` included. */
export async function gitlabSurroundings(job: JobDescription, tokens: JobTokens): Promise<JobSurroundings> {
  const text = (claim: string): string => textClaim(job.claims, claim) ?? "";
  const server = new URL(job.issuer);
  const path = text("project_path");
  const fromClaims = VARIABLE_OF_CLAIM.flatMap(([claim, variable]): readonly (readonly [string, string])[] => {
    const value = textClaim(job.claims, claim);
    return value === undefined ? [] : [[variable, value]];
  });
  const variables = {
    CI: "true",
    GITLAB_CI: "true",
    CI_SERVER: "yes",
    CI_SERVER_NAME: "GitLab",
    CI_SERVER_URL: job.issuer,
    CI_SERVER_HOST: server.hostname,
    CI_SERVER_PORT: server.port,
    CI_SERVER_PROTOCOL: server.protocol.slice(0, -1),
    CI_SERVER_FQDN: server.host,
    CI_API_V4_URL: `${job.issuer}/api/v4`,
    CI_PROJECT_DIR: job.workingDirectory,
    CI_PROJECT_NAME: path.split("/").at(-1) ?? "",
    CI_PROJECT_ROOT_NAMESPACE: path.split("/")[0] ?? "",
    CI_PROJECT_URL: `${job.issuer}/${path}`,
    CI_DEFAULT_BRANCH: "main",
    CI_CONFIG_PATH: ".gitlab-ci.yml",
    CI_PIPELINE_IID: "10",
    CI_PIPELINE_URL: `${job.issuer}/${path}/-/pipelines/${text("pipeline_id")}`,
    CI_JOB_NAME: "publish",
    CI_JOB_STAGE: "deploy",
    CI_JOB_STATUS: "running",
    CI_JOB_URL: `${job.issuer}/${path}/-/jobs/${text("job_id")}`,
    CI_COMMIT_SHORT_SHA: text("sha").slice(0, 8),
    CI_COMMIT_REF_SLUG: slug(text("ref")),
    CI_RUNNER_ID: String(job.claims.runner_id ?? ""),
    ...Object.fromEntries(fromClaims),
    ...refVariables(job),
  };
  return { variables: { ...variables, ...(await tokenVariables(job, tokens)) }, files: {} };
}

/** Exactly one of branch, tag and merge request describes a pipeline; scripts tell them apart by what is set. */
function refVariables(job: JobDescription): Readonly<Record<string, string>> {
  const text = (claim: string): string => textClaim(job.claims, claim) ?? "";
  if (text("pipeline_source") === "merge_request_event") {
    return {
      CI_MERGE_REQUEST_ID: "70",
      CI_MERGE_REQUEST_IID: "7",
      CI_MERGE_REQUEST_EVENT_TYPE: "detached",
      CI_MERGE_REQUEST_PROJECT_ID: text("project_id"),
      CI_MERGE_REQUEST_PROJECT_PATH: text("project_path"),
      CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: text("ref"),
      CI_MERGE_REQUEST_SOURCE_PROJECT_ID: text("job_project_id"),
      CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: text("job_project_path"),
      CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "main",
    };
  }
  return text("ref_type") === "tag" ? { CI_COMMIT_TAG: text("ref") } : { CI_COMMIT_BRANCH: text("ref") };
}

async function tokenVariables(job: JobDescription, tokens: JobTokens): Promise<Readonly<Record<string, string>>> {
  if (job.scenario === "no-id-token") return {};
  const entries = Object.entries(job.idTokens).map(
    async ([variable, audiences]) => [variable, await tokens.issue(audiences)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** GitLab's own rule for `…_SLUG`: lower case, at most 63 characters, anything but letters and digits becomes `-`. */
function slug(ref: string): string {
  return ref
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "");
}
