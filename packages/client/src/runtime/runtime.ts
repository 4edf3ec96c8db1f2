import type { Environment } from "../environment/environment.ts";

/** The standard `fetch`. */
export type FetchFunction = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

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
  homeDirectory(): string;
  /**
   * Writes one line where people and the CI runner look: standard error, never standard output, so that
   * `TOKEN=$(postern auth token)` stays the token alone.
   */
  writeDiagnostic(line: string): void;
}
