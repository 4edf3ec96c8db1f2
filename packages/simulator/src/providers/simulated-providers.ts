import { aws } from "./aws.ts";
import { azure } from "./azure.ts";
import { bitbucket } from "./bitbucket.ts";
import { buildkite } from "./buildkite.ts";
import { circleci } from "./circleci.ts";
import { forgejo } from "./forgejo.ts";
import { gcp } from "./gcp.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { kubernetes } from "./kubernetes.ts";
import type { SimulatedProvider } from "./simulated-provider.ts";

/** Providers that can be simulated; each is one path below the simulator's origin. */
export const SIMULATED_PROVIDERS = [
  "github",
  "gitlab",
  "circleci",
  "bitbucket",
  "buildkite",
  "forgejo",
  "kubernetes",
  "azure",
  "aws",
  "gcp",
] as const;
export type SimulatedProviderId = (typeof SIMULATED_PROVIDERS)[number];

export const PROVIDERS: Readonly<Record<SimulatedProviderId, SimulatedProvider>> = {
  github,
  gitlab,
  circleci,
  bitbucket,
  buildkite,
  forgejo,
  kubernetes,
  azure,
  aws,
  gcp,
};

/** True where a job finds its tokens ready made, so that somebody must choose their audiences before it starts. */
export function findsReadyTokens(provider: SimulatedProviderId): boolean {
  return PROVIDERS[provider].readyMade === true;
}

/** `undefined` when `text` names no provider that can be simulated. */
export function parseSimulatedProvider(text: string): SimulatedProviderId | undefined {
  return SIMULATED_PROVIDERS.find((id) => id === text);
}
