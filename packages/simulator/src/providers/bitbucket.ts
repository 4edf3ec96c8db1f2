import { chosenText, textClaim } from "../claim/apply-overrides.ts";
import type { ClaimSet } from "../claim/claim-value.ts";
import { stableCommit, stableId } from "../claim/stable-id.ts";
import { stableUuid } from "../claim/stable-uuid.ts";
import type {
  ClaimsRequest,
  JobDescription,
  JobSurroundings,
  JobTokens,
  SimulatedProvider,
} from "./simulated-provider.ts";

/** Bitbucket Pipelines: one token per step, made before it starts, for the audiences that the step lists. */
export const bitbucket: SimulatedProvider = {
  keysPath: "/keys.json",
  discovery: {
    response_types_supported: ["code", "token", "token id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid"],
  },
  lifetime: { notBefore: 0, expires: 3600 },
  leavesOut: ["jti", "nbf"],
  readyMade: true,
  listsAudiences: true,
  defaultAudience: (claims) =>
    `ari:cloud:bitbucket::workspace/${(textClaim(claims, "workspaceUuid") ?? "").replaceAll(/[{}]/g, "")}`,
  claims: bitbucketClaims,
  surroundings: bitbucketSurroundings,
};

function bitbucketClaims({ overrides, scenario }: ClaimsRequest): ClaimSet {
  const chosen = (name: string, otherwise: string): string => chosenText(overrides, name) ?? otherwise;
  // Bitbucket runs a fork's pull request in the fork, so its ids are the fork's.
  const owner = scenario === "fork-pull-request" ? "mallory" : "acme";
  const workspace = chosen("workspaceUuid", braced("workspace", owner));
  const repository = chosen("repositoryUuid", braced("repository", `${owner}/train`));
  const branch = chosen("branchName", scenario === "fork-pull-request" ? "change" : "main");
  const step = chosen("stepUuid", braced("step", `${repository} ${branch}`));
  const environment = chosenText(overrides, "deploymentEnvironmentUuid");
  return {
    sub: [repository, ...(environment === undefined ? [] : [environment]), step].join(":"),
    workspaceUuid: workspace,
    repositoryUuid: repository,
    pipelineUuid: braced("pipeline", `${repository} ${branch}`),
    stepUuid: step,
    accountUuid: braced("account", owner),
    branchName: branch,
    ...(environment === undefined ? {} : { deploymentEnvironmentUuid: environment }),
  };
}

async function bitbucketSurroundings(job: JobDescription, tokens: JobTokens): Promise<JobSurroundings> {
  const text = (name: string): string => textClaim(job.claims, name) ?? "";
  const variables = {
    CI: "true",
    BITBUCKET_BUILD_NUMBER: stableId("bitbucket build", text("pipelineUuid")).slice(0, 4),
    BITBUCKET_WORKSPACE: "acme",
    BITBUCKET_REPO_SLUG: "train",
    BITBUCKET_REPO_FULL_NAME: "acme/train",
    BITBUCKET_REPO_UUID: text("repositoryUuid"),
    BITBUCKET_PIPELINE_UUID: text("pipelineUuid"),
    BITBUCKET_STEP_UUID: text("stepUuid"),
    BITBUCKET_BRANCH: text("branchName"),
    BITBUCKET_COMMIT: stableCommit(`${text("repositoryUuid")} ${text("branchName")}`),
    BITBUCKET_CLONE_DIR: job.workingDirectory,
  };
  if (job.scenario === "no-id-token") return { variables, files: {} };
  return { variables: { ...variables, BITBUCKET_STEP_OIDC_TOKEN: await tokens.issue(job.audiences) }, files: {} };
}

function braced(kind: string, name: string): string {
  return `{${stableUuid(`bitbucket ${kind}`, name)}}`;
}
