import type { Terminal } from "../terminal/terminal.ts";

/** Everything a command may know of the outside: passed in, so that no command reads the process itself. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the folder that relative paths start from. */
  readonly cwd: string;
  readonly terminal: Terminal;
  readonly fetch: typeof fetch;
  /** Aborted on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Milliseconds, for rates and durations that are shown. */
  readonly now: () => number;
}
