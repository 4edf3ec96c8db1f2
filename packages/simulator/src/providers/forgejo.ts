import { chosenText, textClaim } from "../claim/apply-overrides.ts";
import type { ClaimSet } from "../claim/claim-value.ts";
import { stableCommit, stableId } from "../claim/stable-id.ts";
import type {
  ClaimsRequest,
  JobDescription,
  JobSurroundings,
  JobTokens,
  SimulatedProvider,
} from "./simulated-provider.ts";

/** Variables that a runner sets under both prefixes, under the claims that hold the same facts. */
const VARIABLE_OF_CLAIM: readonly (readonly [claim: string, variable: string])[] = [
  ["repository", "REPOSITORY"],
  ["repository_owner", "REPOSITORY_OWNER"],
  ["ref", "REF"],
  ["ref_type", "REF_TYPE"],
  ["sha", "SHA"],
  ["event_name", "EVENT_NAME"],
  ["actor", "ACTOR"],
  ["run_id", "RUN_ID"],
  ["run_number", "RUN_NUMBER"],
  ["workflow", "WORKFLOW"],
];

/** Forgejo Actions: GitHub's protocol and most of its claims, from the instance itself. */
export const forgejo: SimulatedProvider = {
  keysPath: "/.well-known/keys",
  discovery: {
    subject_types_supported: ["public"],
    response_types_supported: ["id_token"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid"],
  },
  lifetime: { notBefore: 0, expires: 3600 },
  leavesOut: ["jti"],
  defaultAudience: (claims) => `https://forgejo.example/${textClaim(claims, "repository_owner") ?? "acme"}`,
  claims: forgejoClaims,
  surroundings: forgejoSurroundings,
};

function forgejoClaims({ overrides, scenario }: ClaimsRequest): ClaimSet {
  const chosen = (name: string, otherwise: string): string => chosenText(overrides, name) ?? otherwise;
  const fork = scenario === "fork-pull-request";
  const event = chosen("event_name", fork ? "pull_request" : "push");
  const repository = chosen("repository", "acme/train");
  const [owner = "", name = ""] = repository.split("/");
  const repositoryId = chosen("repository_id", stableId("forgejo repository", repository.toLowerCase()));
  const ownerId = chosen("repository_owner_id", stableId("forgejo owner", owner.toLowerCase()));
  const ref = chosen("ref", event === "pull_request" ? "refs/pull/7/head" : "refs/heads/main");
  const context = event === "pull_request" ? "pull_request" : `ref:${ref}`;
  const actor = chosen("actor", fork ? "mallory" : "dev");
  return {
    sub: `repo:${owner}-${ownerId}/${name}-${repositoryId}:${context}`,
    actor,
    actor_id: stableId("forgejo account", actor),
    base_ref: fork ? "main" : "",
    event_name: event,
    head_ref: fork ? "change" : "",
    ref,
    ref_protected: ref === "refs/heads/main" ? "true" : "false",
    ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
    repository,
    repository_id: repositoryId,
    repository_owner: owner,
    repository_owner_id: ownerId,
    run_attempt: "1",
    run_id: stableId("forgejo run", `${repository} ${ref}`),
    run_number: "10",
    sha: chosen("sha", stableCommit(`${repository} ${ref}`)),
    workflow: "publish.yml",
    workflow_ref: `${repository}/.forgejo/workflows/publish.yml@${ref}`,
  };
}

async function forgejoSurroundings(job: JobDescription, tokens: JobTokens): Promise<JobSurroundings> {
  const fromClaims = VARIABLE_OF_CLAIM.flatMap(([claim, variable]) => {
    const value = textClaim(job.claims, claim) ?? "";
    return [
      [`FORGEJO_${variable}`, value],
      [`GITHUB_${variable}`, value],
    ] as const;
  });
  const variables = {
    CI: "true",
    FORGEJO_ACTIONS: "true",
    GITEA_ACTIONS: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_WORKSPACE: job.workingDirectory,
    ...Object.fromEntries(fromClaims),
  };
  if (job.scenario === "no-id-token") return { variables, files: {} };
  const { url, bearer } = tokens.openRequestEndpoint();
  return {
    variables: {
      ...variables,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}?placeholder=true`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer,
    },
    files: {},
  };
}
