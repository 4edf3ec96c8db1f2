import { chosenText, textClaim } from "../claim/apply-overrides.ts";
import type { ClaimOverrides, ClaimSet } from "../claim/claim-value.ts";
import { stableCommit, stableId } from "../claim/stable-id.ts";
import { githubSurroundings } from "./github-surroundings.ts";
import type { ClaimsRequest, SimulatedProvider } from "./simulated-provider.ts";

/** The ids that the documentation's examples pin, so that they can be copied and tried. */
const EXAMPLE_IDS: Readonly<Record<string, string>> = { "owner acme": "123456", "repository acme/train": "456789" };

/** GitHub Actions: one token per request, asked for at an endpoint that the job's environment names. */
export const github: SimulatedProvider = {
  keysPath: "/.well-known/jwks",
  discovery: {
    subject_types_supported: ["public", "pairwise"],
    response_types_supported: ["id_token"],
    claims_supported: ["sub", "aud", "exp", "iat", "iss", "jti", "nbf", "ref", "repository", "repository_id"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid"],
  },
  // As seen in a real token: valid from five minutes before to five minutes after it was made.
  lifetime: { notBefore: -300, expires: 300 },
  defaultAudience: (claims) => `https://github.com/${textClaim(claims, "repository_owner") ?? "acme"}`,
  claims: githubClaims,
  surroundings: githubSurroundings,
};

function githubClaims(request: ClaimsRequest): ClaimSet {
  const { overrides } = request;
  const chosen = (name: string, otherwise: string): string => chosenText(overrides, name) ?? otherwise;
  const repository = chosen("repository", `${chosen("repository_owner", "acme")}/train`);
  const owner = chosen("repository_owner", repository.split("/")[0] ?? "");
  const repositoryId = chosen("repository_id", idOf("repository", repository));
  const ownerId = chosen("repository_owner_id", idOf("owner", owner));
  const fromFork = request.scenario === "fork-pull-request";
  const event = chosen("event_name", fromFork ? "pull_request" : "push");
  const isPullRequest = event === "pull_request" || event === "pull_request_target";
  const ref = chosen("ref", defaultRef(event, chosenText(overrides, "ref_type")));
  const sha = chosen("sha", stableCommit(`${repository} ${ref}`));
  const workflow = chosen("workflow", "Publish model");
  const workflowRef = chosen("workflow_ref", `${repository}/.github/workflows/${workflowFile(workflow)}@${ref}`);
  const workflowSha = chosen("workflow_sha", sha);
  const calledRef = chosen("job_workflow_ref", workflowRef);
  const calledSha = calledRef === workflowRef ? workflowSha : stableCommit(calledRef);
  const actor = chosen("actor", fromFork ? "mallory" : "octocat");
  const runId = chosen("run_id", stableId("github run", workflowRef));
  return {
    sub: `${subjectPrefix(request, repository, repositoryId, ownerId)}:${subjectContext(overrides, event, ref)}`,
    repository,
    repository_id: repositoryId,
    repository_owner: owner,
    repository_owner_id: ownerId,
    repository_visibility: "public",
    ref,
    ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
    ref_protected: ref === "refs/heads/main" ? "true" : "false",
    sha,
    workflow,
    workflow_ref: workflowRef,
    workflow_sha: workflowSha,
    job_workflow_ref: calledRef,
    job_workflow_sha: calledSha,
    event_name: event,
    head_ref: isPullRequest ? "change" : "",
    base_ref: isPullRequest ? "main" : "",
    actor,
    actor_id: stableId("github account", actor.toLowerCase()),
    run_id: runId,
    run_number: "10",
    run_attempt: "1",
    check_run_id: stableId("github check run", runId),
    runner_environment: "github-hosted",
    ...companionId(overrides, "environment", "environment_node_id", (name) => `EN_${idOf(repository, name)}`),
    ...companionId(overrides, "enterprise", "enterprise_id", (name) => idOf("enterprise", name)),
  };
}

/** A pull request's job runs on a merge commit; `pull_request_target` runs on the base branch, which is why it is dangerous. */
function defaultRef(event: string, refType: string | undefined): string {
  if (event === "pull_request") return "refs/pull/7/merge";
  return refType === "tag" || event === "release" ? "refs/tags/v1.0.0" : "refs/heads/main";
}

/** GitHub shows a workflow without a `name:` by its file, so a claim that looks like a file also chooses the file. */
function workflowFile(workflow: string): string {
  const file = workflow.split("/").at(-1) ?? "";
  return /^[^@]+\.ya?ml$/.test(file) ? file : "publish.yml";
}

function subjectPrefix(request: ClaimsRequest, repository: string, repositoryId: string, ownerId: string): string {
  const [owner, name] = repository.split("/");
  return request.githubSubject === "names"
    ? `repo:${repository}`
    : `repo:${owner ?? ""}@${ownerId}/${name ?? ""}@${repositoryId}`;
}

function subjectContext(overrides: ClaimOverrides, event: string, ref: string): string {
  const environment = chosenText(overrides, "environment");
  // GitHub escapes the separator, so that a name cannot forge a part of the subject.
  if (environment !== undefined) return `environment:${environment.replaceAll(":", "%3A")}`;
  return event === "pull_request" ? "pull_request" : `ref:${ref}`;
}

/** A claim that only exists beside another: the id of a chosen environment or enterprise. */
function companionId(
  overrides: ClaimOverrides,
  name: string,
  idName: string,
  idFor: (chosen: string) => string,
): ClaimSet {
  const chosen = chosenText(overrides, name);
  return chosen === undefined ? {} : { [name]: chosen, [idName]: idFor(chosen) };
}

/** Names compare without case at GitHub, so ids do not depend on it. */
function idOf(kind: string, name: string): string {
  const key = `${kind} ${name.toLowerCase()}`;
  return EXAMPLE_IDS[key] ?? stableId("github", key);
}
