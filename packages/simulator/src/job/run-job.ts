import { type StdioOptions, spawn } from "node:child_process";
import { constants } from "node:os";
import type { SimulatedProviderId } from "../providers/simulated-providers.ts";
import type { Simulator } from "../simulator.ts";
import type { JobOptions } from "./job-environment.ts";

/** Where signals to this process are heard; `process` is one. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

export interface RunJobOptions extends JobOptions {
  readonly provider: SimulatedProviderId;
  readonly command: string;
  readonly args?: readonly string[];
  /** `inherit` when left out. */
  readonly stdio?: StdioOptions;
  /** Ends the job with SIGTERM. */
  readonly signal?: AbortSignal;
  /** SIGTERM, SIGHUP and SIGINT heard here go on to the command. */
  readonly signals?: SignalSource;
  /** A terminal sends Ctrl-C to the command by itself; then SIGINT is only kept from ending us before the command. */
  readonly sharesTerminal?: boolean;
}

export type JobOutcome =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals; readonly exitCode: number }
  | { readonly kind: "not-started"; readonly reason: string; readonly exitCode: 126 | 127 };

const FORWARDED = ["SIGTERM", "SIGHUP", "SIGINT"] as const;

/**
 * Runs a command as a job of a provider and waits for it; its files and its token endpoint are gone afterwards.
 *
 * @returns Exit codes as a shell gives them: 128 + n after signal n, 127 not found, 126 not executable.
 */
export async function runJob(simulator: Simulator, options: RunJobOptions): Promise<JobOutcome> {
  options.signal?.throwIfAborted();
  await using job = await simulator.jobEnvironment(options.provider, options);
  const { promise, resolve } = Promise.withResolvers<JobOutcome>();
  const child = spawn(options.command, options.args ?? [], {
    cwd: job.workingDirectory,
    env: job.variables,
    stdio: options.stdio ?? "inherit",
  });
  const abort = (): void => void child.kill("SIGTERM");
  const forward = (signal: NodeJS.Signals): void => {
    if (signal === "SIGINT" && options.sharesTerminal === true) return;
    child.kill(signal);
  };
  child.once("error", (cause) => {
    // `error` also reports a signal that could not be sent; only a child without a pid never started.
    if (child.pid === undefined) resolve(notStarted(options.command, cause));
  });
  child.once("close", (code, signal) => resolve(outcome(code, signal)));
  options.signal?.addEventListener("abort", abort);
  if (options.signal?.aborted === true) abort();
  for (const signal of FORWARDED) options.signals?.on(signal, forward);
  try {
    return await promise;
  } finally {
    options.signal?.removeEventListener("abort", abort);
    for (const signal of FORWARDED) options.signals?.off(signal, forward);
  }
}

function outcome(code: number | null, signal: NodeJS.Signals | null): JobOutcome {
  if (signal === null) return { kind: "exited", exitCode: code ?? 0 };
  return { kind: "signalled", signal, exitCode: 128 + constants.signals[signal] };
}

function notStarted(command: string, cause: Error): JobOutcome {
  const missing = "code" in cause && cause.code === "ENOENT";
  const reason = missing ? `${command}: command not found` : `${command}: ${cause.message}`;
  return { kind: "not-started", reason, exitCode: missing ? 127 : 126 };
}
