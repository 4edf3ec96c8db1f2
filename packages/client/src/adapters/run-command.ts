import { execFile } from "node:child_process";
import type { Environment } from "../environment/environment.ts";
import type { CommandOutcome } from "../runtime/runtime.ts";

/** Runs a command found on `environment`'s `PATH`, without a shell. @throws the signal's reason, or the system's error. */
export function runCommand(
  command: string,
  args: readonly string[],
  environment: Environment,
  signal: AbortSignal,
): Promise<CommandOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandOutcome>();
  const options = { env: { ...environment }, signal, encoding: "utf8", maxBuffer: 1024 * 1024 } as const;
  const child = execFile(command, [...args], options, (error, stdout, stderr) => {
    if (error === null) return resolve({ kind: "exited", exitCode: 0, stdout, stderr });
    if (signal.aborted) return reject(signal.reason);
    if (error.code === "ENOENT") return resolve({ kind: "not-found" });
    // The system's error repeats the arguments, so it stays away from messages; the exit code says enough.
    if (typeof error.code === "number") return resolve({ kind: "exited", exitCode: error.code, stdout, stderr });
    reject(error);
  });
  child.stdin?.end();
  return promise;
}
