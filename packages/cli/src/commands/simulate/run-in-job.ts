import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { JobOptions, SimulatedProviderId, Simulator } from "@postern/simulator";
import type { CliContext } from "../../context/cli-context.ts";
import { CliError } from "../../failure/cli-error.ts";
import { lineMasker } from "./mask-lines.ts";

export interface JobCommand {
  readonly provider: SimulatedProviderId;
  readonly command: string;
  readonly args: readonly string[];
  readonly job: JobOptions;
}

const FORWARDED = ["SIGTERM", "SIGHUP", "SIGINT"] as const;

/**
 * Runs a command as a job and waits for it; stdout is the command's own, stderr goes through the masks that it sets.
 *
 * @returns Its exit code as a shell gives it: 128 + n after signal n. @throws {CliError} when it cannot be started.
 */
export async function runInJob(context: CliContext, simulator: Simulator, wanted: JobCommand): Promise<number> {
  await using job = await simulator.jobEnvironment(wanted.provider, wanted.job);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(wanted.command, wanted.args, {
    cwd: job.workingDirectory,
    env: job.variables,
    stdio: ["inherit", "inherit", "pipe"],
  });
  const masker = lineMasker();
  child.stderr.setEncoding("utf8").on("data", (text: string) => context.terminal.rawNote(masker.push(text)));
  child.once("error", (cause) => {
    if (child.pid === undefined) reject(notStarted(wanted.command, cause));
  });
  child.once("close", (code, signal) => {
    context.terminal.rawNote(masker.finish());
    resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal]);
  });
  const forward = (signal: NodeJS.Signals): void => {
    // A terminal sends Ctrl+C to the command by itself; we only have to outlive it.
    if (signal !== "SIGINT" || process.stdin.isTTY !== true) child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    return await promise;
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}

function notStarted(command: string, cause: Error): CliError {
  const missing = "code" in cause && cause.code === "ENOENT";
  return new CliError(missing ? `${command} was not found.` : `${command} could not be started: ${cause.message}.`, {
    next: "Check the command after --.",
    cause,
  });
}
