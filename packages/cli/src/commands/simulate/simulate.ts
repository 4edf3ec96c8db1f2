import type { JobScenario, SimulatedProviderId, Simulator } from "@postern/simulator";
import { parsePort } from "../../argument/port-argument.ts";
import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";
import { CommandExit } from "../../failure/command-exit.ts";
import { describeListenFailure } from "../../failure/listen-failure.ts";
import { loadSimulator } from "../../optional/load-simulator.ts";
import { endpointOf } from "../../session/endpoint.ts";
import { keptSigningKeys } from "./kept-signing-keys.ts";
import { runInJob } from "./run-in-job.ts";
import { serveIssuers } from "./serve-issuers.ts";

export interface SimulateOptions {
  readonly provider?: string;
  readonly claim?: readonly string[];
  readonly fault?: readonly string[];
  readonly audience?: readonly string[];
  readonly scenario?: string;
  readonly env?: readonly string[];
  readonly port?: string;
  readonly serve?: boolean;
  readonly listFaults?: boolean;
  readonly json?: boolean;
}

type SimulatorModule = Awaited<ReturnType<typeof loadSimulator>>;

const SCENARIOS: readonly JobScenario[] = ["trusted", "no-id-token", "fork-pull-request"];

/** Runs one command as a job and ends with its exit code. */
export async function simulate(context: CliContext, words: readonly string[], options: SimulateOptions): Promise<void> {
  const port = options.port === undefined ? 0 : parsePort(options.port);
  const module = await loadSimulator();
  if (options.listFaults === true) return listFaults(context, module, options.json === true);
  const faults = (options.fault ?? []).map((text) => parseFault(module, text));
  if (options.serve === true) return serveIssuers(context, module, { port, faults, json: options.json === true });

  const provider = parseProvider(module, options.provider);
  const [command, ...args] = words;
  if (command === undefined) {
    throw usageError("There is no command to run.", "Write it after --, or use --serve to serve the issuers alone.");
  }
  const job = {
    claims: parseClaims(module, options.claim ?? []),
    scenario: parseScenario(options.scenario),
    parentEnv: context.env,
    env: parseVariables(options.env ?? []),
    workingDirectory: context.cwd,
    ...audiencesOf(module, context, provider, options.audience),
  };
  const exitCode = await withSimulator(context, module, port, async (simulator) => {
    await simulator.setFaults(provider, faults);
    return runInJob(context, simulator, { provider, command, args, job });
  });
  if (exitCode !== 0) throw new CommandExit(exitCode);
}

async function withSimulator<Result>(
  context: CliContext,
  module: SimulatorModule,
  port: number,
  use: (simulator: Simulator) => Promise<Result>,
): Promise<Result> {
  const signingKeys = keptSigningKeys(context, module.SIMULATED_PROVIDERS, port);
  await using simulator = await module.startSimulator({ port, signingKeys }).catch((error: unknown) => {
    throw describeListenFailure(error, port);
  });
  return await use(simulator);
}

function listFaults(context: CliContext, { FAULTS }: SimulatorModule, json: boolean): void {
  if (json) context.terminal.json({ faults: FAULTS });
  else for (const { syntax, effect } of FAULTS) context.terminal.out(`${syntax.padEnd(28)} ${effect}`);
}

function parseProvider(module: SimulatorModule, text: string | undefined): SimulatedProviderId {
  const provider = text === undefined ? undefined : module.parseSimulatedProvider(text);
  if (provider !== undefined) return provider;
  throw usageError(
    text === undefined ? "--provider is missing." : `'${text}' cannot be simulated.`,
    `Use one of: ${module.SIMULATED_PROVIDERS.join(", ")}.`,
  );
}

function parseFault(module: SimulatorModule, text: string): ReturnType<typeof module.parseFault> & {} {
  const fault = module.parseFault(text);
  if (fault === undefined)
    throw usageError(`'${text}' is not a fault.`, "`postern simulate --list-faults` shows them.");
  return fault;
}

function parseScenario(text: string | undefined): JobScenario {
  const scenario = SCENARIOS.find((known) => known === (text ?? "trusted"));
  if (scenario === undefined) throw usageError(`'${text}' is not a scenario.`, `Use one of: ${SCENARIOS.join(", ")}.`);
  return scenario;
}

function parseClaims(module: SimulatorModule, texts: readonly string[]): ReturnType<typeof module.parseClaimOverrides> {
  try {
    return module.parseClaimOverrides(texts);
  } catch (error) {
    if (error instanceof RangeError) throw usageError(error.message, "For example: --claim repository=acme/other");
    throw error;
  }
}

function parseVariables(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf("=");
      if (equals < 1) throw usageError(`'${text}' is not a variable.`, "Write --env NAME=VALUE.");
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

/** Some jobs name the audience when they ask for a token; others find their tokens ready made. */
function audiencesOf(
  module: SimulatorModule,
  context: CliContext,
  provider: SimulatedProviderId,
  audiences: readonly string[] | undefined,
): { readonly audiences?: readonly string[] } {
  if (module.findsReadyTokens(provider)) return { audiences: audiences ?? [endpointOf(context.env)] };
  if (audiences === undefined) return {};
  throw usageError(
    `A ${provider} job names the audience itself when it asks for a token.`,
    "Leave --audience out; --fault wrong-audience shows what a wrong one does.",
  );
}
