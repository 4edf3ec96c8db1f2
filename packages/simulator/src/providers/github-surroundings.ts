import { join } from "node:path";
import { textClaim } from "../claim/apply-overrides.ts";
import { githubEvent } from "./github-event.ts";
import type { JobDescription, JobSurroundings, JobTokens } from "./simulated-provider.ts";

/** The variables of GitHub's default environment, under the claims that hold the same facts. */
const VARIABLE_OF_CLAIM: readonly (readonly [claim: string, variable: string])[] = [
  ["repository", "GITHUB_REPOSITORY"],
  ["repository_id", "GITHUB_REPOSITORY_ID"],
  ["repository_owner", "GITHUB_REPOSITORY_OWNER"],
  ["repository_owner_id", "GITHUB_REPOSITORY_OWNER_ID"],
  ["ref", "GITHUB_REF"],
  ["ref_type", "GITHUB_REF_TYPE"],
  ["ref_protected", "GITHUB_REF_PROTECTED"],
  ["head_ref", "GITHUB_HEAD_REF"],
  ["base_ref", "GITHUB_BASE_REF"],
  ["sha", "GITHUB_SHA"],
  ["workflow", "GITHUB_WORKFLOW"],
  ["workflow_ref", "GITHUB_WORKFLOW_REF"],
  ["workflow_sha", "GITHUB_WORKFLOW_SHA"],
  ["run_id", "GITHUB_RUN_ID"],
  ["run_number", "GITHUB_RUN_NUMBER"],
  ["run_attempt", "GITHUB_RUN_ATTEMPT"],
  ["event_name", "GITHUB_EVENT_NAME"],
  ["actor", "GITHUB_ACTOR"],
  ["actor_id", "GITHUB_ACTOR_ID"],
  ["actor", "GITHUB_TRIGGERING_ACTOR"],
  ["runner_environment", "RUNNER_ENVIRONMENT"],
];

const COMMAND_FILES: Readonly<Record<string, string>> = {
  GITHUB_OUTPUT: "set_output",
  GITHUB_ENV: "set_env",
  GITHUB_PATH: "add_path",
  GITHUB_STATE: "save_state",
  GITHUB_STEP_SUMMARY: "step_summary",
};

/** What a step of a GitHub Actions job on a hosted Linux runner sees. */
export async function githubSurroundings(job: JobDescription, tokens: JobTokens): Promise<JobSurroundings> {
  const fromClaims = VARIABLE_OF_CLAIM.flatMap(([claim, variable]): readonly (readonly [string, string])[] => {
    const value = textClaim(job.claims, claim);
    return value === undefined ? [] : [[variable, value]];
  });
  const eventFile = join("_github_workflow", "event.json");
  const commandFiles = Object.entries(COMMAND_FILES).map(
    ([variable, name]) => [variable, join("_runner_file_commands", name)] as const,
  );
  const variables = {
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_API_URL: "https://api.github.com",
    GITHUB_GRAPHQL_URL: "https://api.github.com/graphql",
    GITHUB_JOB: "publish",
    GITHUB_ACTION: "__run",
    GITHUB_RETENTION_DAYS: "90",
    GITHUB_WORKSPACE: job.workingDirectory,
    GITHUB_EVENT_PATH: join(job.directory, eventFile),
    GITHUB_REF_NAME: refName(textClaim(job.claims, "ref") ?? ""),
    RUNNER_OS: "Linux",
    RUNNER_ARCH: "X64",
    RUNNER_NAME: "GitHub Actions 1",
    RUNNER_TEMP: join(job.directory, "temp"),
    RUNNER_TOOL_CACHE: join(job.directory, "tools"),
    ...Object.fromEntries(fromClaims),
    ...Object.fromEntries(commandFiles.map(([variable, file]) => [variable, join(job.directory, file)])),
    ...tokenVariables(job, tokens),
  };
  const files = {
    [eventFile]: `${JSON.stringify(githubEvent(job.claims, job.scenario), null, 2)}\n`,
    ...Object.fromEntries(commandFiles.map(([, file]) => [file, ""])),
    [join("temp", ".keep")]: "",
    [join("tools", ".keep")]: "",
  };
  return { variables, files };
}

/** Without `id-token: write`, and in every pull request from a fork, GitHub leaves both variables out. */
function tokenVariables(job: JobDescription, tokens: JobTokens): Readonly<Record<string, string>> {
  if (job.scenario !== "trusted") return {};
  const { url, bearer } = tokens.openRequestEndpoint();
  return { ACTIONS_ID_TOKEN_REQUEST_URL: `${url}?api-version=2.0`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer };
}

function refName(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags|pull)\//, "");
}
