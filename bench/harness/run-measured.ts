import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** One run of a program from start to end. Times in milliseconds. */
export interface MeasuredRun {
  readonly wall: number;
  /** User and system time of the program and of what it started, in steps of 10 ms; NaN where `/proc` does not tell. */
  readonly cpu: number;
  readonly output: string;
}

const MILLISECONDS_PER_TICK = 10;

/** Runs a program to its end, one at a time: the CPU time is what ended children have added up to. @throws {Error} for another exit code than 0. */
export async function runMeasured(
  command: readonly [string, ...string[]],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<MeasuredRun> {
  const [program, ...args] = command;
  const cpuBefore = endedChildrenCpu();
  const started = performance.now();
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", reject);
  child.once("close", resolve);
  const code = await promise;
  const wall = performance.now() - started;
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${errors}`);
  return { wall, cpu: endedChildrenCpu() - cpuBefore, output };
}

function endedChildrenCpu(): number {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[13]) + Number(fields[14])) * MILLISECONDS_PER_TICK;
  } catch {
    return Number.NaN;
  }
}
