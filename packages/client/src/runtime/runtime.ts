import type { Environment } from "../environment/environment.ts";
import type { AwsSigner } from "../mint/aws-signer.ts";

/** The standard `fetch`. */
export type FetchFunction = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** How a command of the job ended; its output is cut after 1 MiB. */
export type CommandOutcome =
  | { readonly kind: "exited"; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  /** No such command on the job's `PATH`, or no commands at all, as in a browser. */
  | { readonly kind: "not-found" };

/** Everything the client takes from the world around it, so that tests and browsers can bring their own. */
export interface Runtime {
  readonly environment: Environment;
  readonly fetch: FetchFunction;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** @throws the signal's reason when it aborts first. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** A number in [0, 1), for jitter only. */
  random(): number;
  /** `undefined` when there is no such file. @throws the system's error when it cannot be read. */
  readTextFile(path: string): Promise<string | undefined>;
  /**
   * Runs a command found on the environment's `PATH`, without a shell and with nothing on its standard input.
   *
   * @throws the signal's reason when it aborts first, or the system's error when the command cannot be run.
   */
  runCommand(
    command: string,
    args: readonly string[],
    environment: Environment,
    signal: AbortSignal,
  ): Promise<CommandOutcome>;
  /** The signer of requests to AWS; `undefined` where its package is not installed. */
  loadAwsSigner(): Promise<AwsSigner | undefined>;
  homeDirectory(): string;
  /**
   * Writes one line where people and the CI runner look: standard error, never standard output, so that
   * `TOKEN=$(postern auth token)` stays the token alone.
   */
  writeDiagnostic(line: string): void;
}
