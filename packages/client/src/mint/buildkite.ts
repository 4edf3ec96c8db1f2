import { idTokenOfCommand } from "./command-id-token.ts";
import type { ProviderMinter } from "./provider-minter.ts";

/** What the agent is asked to put in besides: without these a token names its tenant by slugs alone, which can be taken again. */
const CLAIMS = "organization_id,pipeline_id";
const LIFETIME_SECONDS = 300;

/** Asks the agent, which mints for the job that it runs. */
export const buildkite: ProviderMinter = {
  id: "buildkite",
  title: "Buildkite",
  detects: (environment) => environment.BUILDKITE === "true",
  source: (environment, audience) => ({
    identity: `buildkite ${environment.BUILDKITE_JOB_ID} ${audience}`,
    renewable: true,
    obtain: (runtime, limits) => {
      // A Buildkite token has no id of its own: two that one job asks for in the same second are the same text, and the second one
      // would be refused as a replay. Lives of different length tell them apart.
      const lifetime = LIFETIME_SECONDS - Math.floor(runtime.random() * 120);
      return idTokenOfCommand(
        {
          title: "Buildkite",
          command: "buildkite-agent",
          args: ["oidc", "request-token", "--audience", audience, "--claim", CLAIMS, "--lifetime", String(lifetime)],
          audience,
          whenMissing:
            "In a container, give it the agent: with the docker plugin set `mount-buildkite-agent: true` and `propagate-environment: true`.",
          whenRefused: "Use a buildkite-agent whose `oidc request-token` knows `--claim`, inside a job that it runs.",
        },
        runtime,
        limits,
      );
    },
  }),
};
