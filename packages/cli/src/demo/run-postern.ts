import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const BIN = fileURLToPath(new URL("../../bin/postern.js", import.meta.url));

/** Runs this very command in a process of its own, with exactly the given environment. */
export function runPosternProcess(
  words: readonly string[],
  options: { readonly env: Readonly<Record<string, string>>; readonly cwd: string; readonly signal: AbortSignal },
): Promise<Finished> {
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  const child = spawn(process.execPath, [BIN, ...words], {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
    signal: options.signal,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.once("error", reject);
  child.once("close", (code) => resolve({ exitCode: code ?? 1, stdout, stderr }));
  return promise;
}
