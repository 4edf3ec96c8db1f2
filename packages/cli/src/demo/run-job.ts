import { type Finished, runPosternProcess } from "./run-postern.ts";
import { DEMO_REPO, type Stage } from "./stage.ts";

export interface JobResult {
  readonly finished: Finished;
  /** Names of variables that hold a hub token; a job that publishes without a secret has none. */
  readonly secrets: readonly string[];
}

/** `postern upload` inside a simulated GitHub Actions job; `claims` are what is unusual about it. */
export async function runJob(
  { simulator, context, url }: Stage,
  source: string,
  claims: Readonly<Record<string, string>>,
): Promise<JobResult> {
  await using job = await simulator.jobEnvironment("github", {
    parentEnv: context.env,
    claims,
    env: { HF_ENDPOINT: url, HF_OIDC_RESOURCE: DEMO_REPO, NO_COLOR: "1" },
  });
  const secrets = Object.entries(job.variables)
    .filter(
      ([name, value]) =>
        /^(?:HF_TOKEN|HUGGING_FACE_HUB_TOKEN|HF_OIDC_ID_TOKEN)$/.test(name) || /\bhf_[A-Za-z0-9]{20}/.test(value),
    )
    .map(([name]) => name);
  const finished = await runPosternProcess(["upload", DEMO_REPO, source], {
    env: job.variables,
    cwd: job.workingDirectory,
    signal: context.signal,
  });
  return { finished, secrets };
}
