import { chosenText, textClaim } from "../claim/apply-overrides.ts";
import type { ClaimSet } from "../claim/claim-value.ts";
import { stableCommit, stableId } from "../claim/stable-id.ts";
import { stableUuid } from "../claim/stable-uuid.ts";
import { standIn } from "../commands/stand-in.ts";
import type {
  ClaimsRequest,
  JobDescription,
  JobSurroundings,
  JobTokens,
  SimulatedProvider,
} from "./simulated-provider.ts";

const NAMESPACE = "oidc.circleci.com";

/**
 * CircleCI: a ready token for the organisation's id, and a command that mints one for any audience.
 *
 * Tokens are of the organisation's own issuer, `…/circleci/org/UUID`, unless a job asks for the shared one.
 */
export const circleci: SimulatedProvider = {
  keysPath: "/.well-known/jwks-pub.json",
  discovery: {
    response_types_supported: ["id_token"],
    subject_types_supported: ["public", "pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid"],
  },
  lifetime: { notBefore: 0, expires: 3600 },
  leavesOut: ["jti", "nbf"],
  tenants: /^\/org\/[0-9a-f-]{36}$/,
  defaultAudience: (claims) => textClaim(claims, `${NAMESPACE}/org-id`) ?? "",
  claims: circleciClaims,
  asked: (query, { issuer }) => (query.get("issuer") === "root" ? { claims: { iss: issuer } } : {}),
  surroundings: circleciSurroundings,
};

function circleciClaims({ issuer, scenario, overrides }: ClaimsRequest): ClaimSet {
  const chosen = (name: string, otherwise: string): string =>
    chosenText(overrides, `${NAMESPACE}/${name}`) ?? otherwise;
  const fork = scenario === "fork-pull-request";
  const origin = chosen("vcs-origin", fork ? "github.com/mallory/train" : "github.com/acme/train");
  const ref = chosen("vcs-ref", fork ? "refs/heads/pull/7" : "refs/heads/main");
  const organisation = chosen("org-id", stableUuid("circleci organisation", "acme"));
  // A fork's build runs in the project that it was forked from, with that project's ids.
  const project = chosen("project-id", stableUuid("circleci project", fork ? "github.com/acme/train" : origin));
  const user = stableUuid("circleci user", fork ? "mallory" : "dev");
  return {
    iss: `${issuer}/org/${organisation}`,
    sub: `org/${organisation}/project/${project}/user/${user}/vcs-origin/${origin}/vcs-ref/${ref}`,
    [`${NAMESPACE}/org-id`]: organisation,
    [`${NAMESPACE}/project-id`]: project,
    [`${NAMESPACE}/pipeline-definition-id`]: stableUuid("circleci pipeline definition", project),
    [`${NAMESPACE}/pipeline-id`]: stableUuid("circleci pipeline", `${project} ${ref}`),
    [`${NAMESPACE}/workflow-id`]: stableUuid("circleci workflow", `${project} ${ref}`),
    [`${NAMESPACE}/job-id`]: stableUuid("circleci job", `${project} ${ref}`),
    [`${NAMESPACE}/vcs-origin`]: origin,
    [`${NAMESPACE}/vcs-ref`]: ref,
    [`${NAMESPACE}/context-ids`]: [],
    [`${NAMESPACE}/ssh-rerun`]: false,
  };
}

async function circleciSurroundings(job: JobDescription, tokens: JobTokens): Promise<JobSurroundings> {
  const text = (name: string): string => textClaim(job.claims, `${NAMESPACE}/${name}`) ?? "";
  const [, owner = "", name = ""] = text("vcs-origin").split("/");
  const ref = text("vcs-ref");
  const variables = {
    CI: "true",
    CIRCLECI: "true",
    CIRCLE_JOB: "publish",
    CIRCLE_BUILD_NUM: stableId("circleci build", ref),
    CIRCLE_ORGANIZATION_ID: text("org-id"),
    CIRCLE_PROJECT_ID: text("project-id"),
    CIRCLE_PROJECT_USERNAME: owner,
    CIRCLE_PROJECT_REPONAME: name,
    CIRCLE_PIPELINE_ID: text("pipeline-id"),
    CIRCLE_WORKFLOW_ID: text("workflow-id"),
    CIRCLE_WORKFLOW_JOB_ID: text("job-id"),
    CIRCLE_SHA1: stableCommit(`${text("vcs-origin")} ${ref}`),
    CIRCLE_WORKING_DIRECTORY: job.workingDirectory,
    ...(ref.startsWith("refs/tags/")
      ? { CIRCLE_TAG: ref.replace("refs/tags/", "") }
      : { CIRCLE_BRANCH: ref.replace("refs/heads/", "") }),
  };
  // CircleCI has no keyword that a workflow could leave out; without tokens the command itself is refused.
  if (job.scenario === "no-id-token") return { variables, files: {} };
  const ready = await tokens.issue([]);
  const command = standIn("circleci", job, tokens);
  return { ...command, variables: { ...variables, CIRCLE_OIDC_TOKEN: ready, CIRCLE_OIDC_TOKEN_V2: ready } };
}
