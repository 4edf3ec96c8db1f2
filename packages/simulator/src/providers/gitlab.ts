import { chosenText, textClaim } from "../claim/apply-overrides.ts";
import type { ClaimOverrides, ClaimSet } from "../claim/claim-value.ts";
import { stableCommit, stableId } from "../claim/stable-id.ts";
import { gitlabSurroundings } from "./gitlab-surroundings.ts";
import type { ClaimsRequest, SimulatedProvider } from "./simulated-provider.ts";

/** The ids that the documentation's examples pin, so that they can be copied and tried. */
const EXAMPLE_IDS: Readonly<Record<string, string>> = { "namespace acme": "72", "project acme/train": "20" };

/** GitLab CI: the tokens are made before the job starts and lie in the variables that `id_tokens` names. */
export const gitlab: SimulatedProvider = {
  keysPath: "/oauth/discovery/keys",
  discovery: {
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid"],
    claims_supported: ["iss", "sub", "aud", "exp", "iat", "project_id", "project_path", "namespace_id", "ref"],
  },
  // A GitLab token lives as long as the job may: one hour unless the project says otherwise.
  lifetime: { notBefore: -5, expires: 3600 },
  // `aud` is mandatory in `id_tokens`; the instance is the best guess when nobody chose one.
  defaultAudience: (claims) => textClaim(claims, "iss") ?? "https://gitlab.com",
  readyMade: true,
  claims: gitlabClaims,
  surroundings: gitlabSurroundings,
};

function gitlabClaims(request: ClaimsRequest): ClaimSet {
  const { overrides, issuer, scenario } = request;
  const chosen = (name: string, otherwise: string): string => chosenText(overrides, name) ?? otherwise;
  const fromFork = scenario === "fork-pull-request";
  const projectPath = chosen("project_path", `${chosen("namespace_path", "acme")}/train`);
  const namespacePath = chosen("namespace_path", parentOf(projectPath));
  const projectId = chosen("project_id", idOf("project", projectPath));
  const namespaceId = chosen("namespace_id", idOf("namespace", namespacePath));
  const jobProjectPath = chosen("job_project_path", fromFork ? `mallory/${lastOf(projectPath)}` : projectPath);
  const jobNamespacePath = chosen("job_namespace_path", parentOf(jobProjectPath));
  const sameProject = jobProjectPath === projectPath;
  const source = chosen("pipeline_source", fromFork ? "merge_request_event" : "push");
  const refType = chosen("ref_type", chosen("ref_path", "").startsWith("refs/tags/") ? "tag" : "branch");
  const ref = chosen("ref", refOf(chosenText(overrides, "ref_path")) ?? defaultRef(source, refType));
  // For a merge request GitLab states the source branch here, not the request's own ref.
  const refPath = chosen("ref_path", `refs/${refType === "tag" ? "tags" : "heads"}/${ref}`);
  const sha = chosen("sha", stableCommit(`${projectPath} ${refPath}`));
  const user = chosen("user_login", fromFork ? "mallory" : "dev");
  const pipelineId = chosen("pipeline_id", stableId("gitlab pipeline", `${projectPath} ${refPath}`));
  return {
    sub: `project_path:${projectPath}:ref_type:${refType}:ref:${ref}`,
    namespace_id: namespaceId,
    namespace_path: namespacePath,
    project_id: projectId,
    project_path: projectPath,
    job_project_id: sameProject ? projectId : idOf("project", jobProjectPath),
    job_project_path: jobProjectPath,
    job_namespace_id: jobNamespacePath === namespacePath ? namespaceId : idOf("namespace", jobNamespacePath),
    job_namespace_path: jobNamespacePath,
    user_id: user === "dev" ? "1" : idOf("user", user),
    user_login: user,
    user_email: `${user}@example.com`,
    user_access_level: fromFork ? "developer" : "maintainer",
    user_identities: [],
    groups_direct: [jobNamespacePath],
    pipeline_id: pipelineId,
    pipeline_source: source,
    job_id: stableId("gitlab job", pipelineId),
    job_source: source,
    ref,
    ref_type: refType,
    ref_path: refPath,
    ref_protected: ref === "main" ? "true" : "false",
    runner_id: 1,
    runner_environment: "gitlab-hosted",
    sha,
    project_visibility: "public",
    ci_config_ref_uri: `${new URL(issuer).host}/${projectPath}//.gitlab-ci.yml@${refPath}`,
    ci_config_sha: sha,
    ...environmentClaims(overrides, ref),
  };
}

/** Present only in a job that has an `environment:`. */
function environmentClaims(overrides: ClaimOverrides, ref: string): ClaimSet {
  const environment = chosenText(overrides, "environment");
  if (environment === undefined) return {};
  return {
    environment,
    environment_protected: ref === "main" ? "true" : "false",
    environment_action: "start",
    deployment_tier: "production",
  };
}

function defaultRef(source: string, refType: string): string {
  if (refType === "tag") return "v1.0.0";
  return source === "merge_request_event" ? "change" : "main";
}

function refOf(refPath: string | undefined): string | undefined {
  return refPath?.replace(/^refs\/(?:heads|tags)\//, "");
}

function parentOf(path: string): string {
  return path.split("/").slice(0, -1).join("/");
}

function lastOf(path: string): string {
  return path.split("/").at(-1) ?? "";
}

/** Paths compare without case at GitLab, so ids do not depend on it. */
function idOf(kind: string, name: string): string {
  const key = `${kind} ${name.toLowerCase()}`;
  return EXAMPLE_IDS[key] ?? stableId("gitlab", key);
}
