import { chosenText, textClaim } from "../claim/apply-overrides.ts";
import type { ClaimSet } from "../claim/claim-value.ts";
import { stableCommit } from "../claim/stable-id.ts";
import { stableUuid } from "../claim/stable-uuid.ts";
import { standIn } from "../commands/stand-in.ts";
import type {
  AskedToken,
  ClaimsRequest,
  JobDescription,
  JobSurroundings,
  JobTokens,
  SimulatedProvider,
} from "./simulated-provider.ts";

/** Buildkite: a job asks the agent that runs it, which adds the immutable ids only when it is told to. */
export const buildkite: SimulatedProvider = {
  keysPath: "/.well-known/jwks",
  discovery: {
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid"],
  },
  lifetime: { notBefore: 0, expires: 300 },
  leavesOut: ["jti"],
  defaultAudience: (claims) => `https://buildkite.com/${textClaim(claims, "organization_slug") ?? "acme"}`,
  claims: buildkiteClaims,
  asked: askedToken,
  surroundings: buildkiteSurroundings,
};

function buildkiteClaims({ overrides, scenario }: ClaimsRequest): ClaimSet {
  const chosen = (name: string, otherwise: string): string => chosenText(overrides, name) ?? otherwise;
  const organisation = chosen("organization_slug", "acme");
  const pipeline = chosen("pipeline_slug", "train");
  // With the setting that Buildkite advises, a fork's branch carries its owner's name.
  const branch = chosen("build_branch", scenario === "fork-pull-request" ? "mallory:change" : "main");
  const tag = chosenText(overrides, "build_tag");
  const commit = chosen("build_commit", stableCommit(`${organisation}/${pipeline} ${tag ?? branch}`));
  const step = chosen("step_key", "publish");
  const ref = tag === undefined ? `refs/heads/${branch}` : `refs/tags/${tag}`;
  return {
    sub: `organization:${organisation}:pipeline:${pipeline}:ref:${ref}:commit:${commit}:step:${step}`,
    organization_slug: organisation,
    pipeline_slug: pipeline,
    build_number: 7,
    build_branch: branch,
    ...(tag === undefined ? {} : { build_tag: tag }),
    build_commit: commit,
    step_key: step,
    job_id: stableUuid("buildkite job", `${pipeline} ${commit}`),
    agent_id: stableUuid("buildkite agent", organisation),
    build_source: "webhook",
    runner_environment: "buildkite-hosted",
  };
}

/** What `--claim` adds, and the life that `--lifetime` asks for. Overridden ids win over these. */
function askedToken(query: URLSearchParams, request: ClaimsRequest): AskedToken {
  const claims = buildkiteClaims(request);
  const organisation = textClaim(claims, "organization_slug") ?? "";
  const pipeline = textClaim(claims, "pipeline_slug") ?? "";
  const optional: ClaimSet = {
    organization_id: stableUuid("buildkite organisation", organisation),
    pipeline_id: stableUuid("buildkite pipeline", `${organisation}/${pipeline}`),
    build_id: stableUuid("buildkite build", `${organisation}/${pipeline} 7`),
  };
  const names = (query.get("claim") ?? "").split(",").filter((name) => Object.hasOwn(optional, name));
  const lifetime = Number(query.get("lifetime"));
  return {
    claims: Object.fromEntries(names.map((name) => [name, optional[name]])),
    ...(Number.isInteger(lifetime) && lifetime > 0 ? { lifetimeSeconds: lifetime } : {}),
  };
}

async function buildkiteSurroundings(job: JobDescription, tokens: JobTokens): Promise<JobSurroundings> {
  const text = (name: string): string => textClaim(job.claims, name) ?? "";
  const variables = {
    CI: "true",
    BUILDKITE: "true",
    BUILDKITE_ORGANIZATION_SLUG: text("organization_slug"),
    BUILDKITE_PIPELINE_SLUG: text("pipeline_slug"),
    BUILDKITE_BUILD_NUMBER: "7",
    BUILDKITE_BRANCH: text("build_branch"),
    BUILDKITE_TAG: text("build_tag"),
    BUILDKITE_COMMIT: text("build_commit"),
    BUILDKITE_STEP_KEY: text("step_key"),
    BUILDKITE_JOB_ID: text("job_id"),
    BUILDKITE_AGENT_ID: text("agent_id"),
    BUILDKITE_SOURCE: text("build_source"),
    BUILDKITE_BUILD_CHECKOUT_PATH: job.workingDirectory,
  };
  // As in a container that was not given the agent.
  if (job.scenario === "no-id-token") return { variables, files: {} };
  return { variables, ...standIn("buildkite-agent", job, tokens) };
}
