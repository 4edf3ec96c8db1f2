import type { Fault } from "@postern/simulator";
import type { CliContext } from "../../context/cli-context.ts";
import { untilStopped } from "../../context/until-stopped.ts";
import { describeListenFailure } from "../../failure/listen-failure.ts";
import type { loadSimulator } from "../../optional/load-simulator.ts";
import { keptSigningKeys } from "./kept-signing-keys.ts";

/** Serves the issuers of all simulated providers until the first signal. */
export async function serveIssuers(
  context: CliContext,
  module: Awaited<ReturnType<typeof loadSimulator>>,
  options: { readonly port: number; readonly faults: readonly Fault[]; readonly json: boolean },
): Promise<void> {
  const signingKeys = keptSigningKeys(context, module.SIMULATED_PROVIDERS, options.port);
  await using simulator = await module.startSimulator({ port: options.port, signingKeys }).catch((error: unknown) => {
    throw describeListenFailure(error, options.port);
  });
  for (const provider of module.SIMULATED_PROVIDERS) await simulator.setFaults(provider, options.faults);
  const issuers = module.SIMULATED_PROVIDERS.map((provider) => ({ provider, url: simulator.issuerUrl(provider) }));
  const { terminal } = context;
  if (options.json) {
    terminal.json({ origin: simulator.origin, issuers });
  } else {
    for (const { provider, url } of issuers) terminal.out(`${provider.padEnd(10)} ${url}`);
    const github = issuers[0];
    if (github !== undefined) {
      terminal.note("Whoever reaches these issuers can have any token they sign. To believe one on a test hub:");
      terminal.note(
        `  postern issuer add --provider ${github.provider} --url ${github.url} --allow-origin ${simulator.origin}`,
      );
    }
    terminal.note("Ctrl+C stops them.");
  }
  await untilStopped(context.signal);
}
