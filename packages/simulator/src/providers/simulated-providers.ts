import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import type { SimulatedProvider } from "./simulated-provider.ts";

/** Providers that can be simulated; each is one path below the simulator's origin. */
export const SIMULATED_PROVIDERS = ["github", "gitlab"] as const;
export type SimulatedProviderId = (typeof SIMULATED_PROVIDERS)[number];

export const PROVIDERS: Readonly<Record<SimulatedProviderId, SimulatedProvider>> = { github, gitlab };

/** `undefined` when `text` names no provider that can be simulated. */
export function parseSimulatedProvider(text: string): SimulatedProviderId | undefined {
  return SIMULATED_PROVIDERS.find((id) => id === text);
}
