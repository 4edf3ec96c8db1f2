import { createTerminal } from "../terminal/terminal.ts";
import type { CliContext } from "./cli-context.ts";

/** The context of the running process: the one place where commands meet `process`. */
export function processContext(): CliContext {
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    // A second signal finds no listener of ours and ends the process at once, as people expect of Ctrl+C twice.
    process.once(name, () => interrupted.abort(new Error(`stopped by ${name}`)));
  }
  return {
    env: process.env,
    cwd: process.cwd(),
    terminal: createTerminal({ stdout: process.stdout, stderr: process.stderr, env: process.env }),
    fetch: (process.env.HF_DEBUG ?? "") === "" ? globalThis.fetch : debuggedFetch,
    signal: interrupted.signal,
    now: () => performance.now(),
  };
}

/** Prints each request as a curl command, secrets removed. Loaded only when it is wanted. */
const debuggedFetch: typeof fetch = async (input, init) => {
  const { debugFetch } = await import("@postern/client");
  return debugFetch(input instanceof Request ? input.url : String(input), init ?? {});
};
