import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** A server under measurement, in a process of its own. */
export interface MeasuredProcess {
  readonly pid: number;
  /** CPU seconds (user and system, all threads) that it has used so far; NaN where `/proc` does not tell. */
  cpuSeconds(): number;
  /** Seconds that its first thread, ready to run, has waited for a CPU so far; NaN where `/proc` does not tell. */
  waitedSeconds(): number;
  /** Highest resident memory so far, in MiB; NaN where `/proc` does not tell. */
  peakMemory(): number;
  /** Resident memory now, in MiB; NaN where `/proc` does not tell. */
  residentMemory(): number;
  stop(): Promise<void>;
}

const TICKS_PER_SECOND = 100;

/** Starts a process and waits until `ready` finds what it waits for in its standard output. */
export async function startMeasured<T>(
  command: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  ready: (output: string) => T | undefined,
  cpu?: number,
): Promise<MeasuredProcess & { readonly ready: T }> {
  const pinned: readonly string[] =
    cpu === undefined || !canPin() ? command : ["taskset", "-c", String(cpu), ...command];
  const [program = "", ...args] = pinned;
  const child: ChildProcess = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  // A run that fails on the way leaves nothing behind.
  const killOnExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killOnExit);
  child.once("exit", () => process.off("exit", killOnExit));
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    const found = ready(output);
    if (found !== undefined) resolve(found);
  });
  child.once("exit", (code) =>
    reject(new Error(`${command.join(" ")} ended with ${code} before it was ready:\n${output}`)),
  );
  const found = await promise;
  const pid = child.pid ?? 0;
  return {
    pid,
    ready: found,
    cpuSeconds: () => readCpuSeconds(pid),
    waitedSeconds: () => readWaitedSeconds(pid),
    peakMemory: () => readMemory(pid, /VmHWM:\s+(\d+)/),
    residentMemory: () => readMemory(pid, /VmRSS:\s+(\d+)/),
    stop: () =>
      new Promise((stopped) => {
        child.once("exit", () => stopped());
        child.kill("SIGTERM");
      }),
  };
}

/** Puts this process on one CPU, away from what it measures. */
export function pinSelf(cpu: number): void {
  if (canPin()) spawnSync("taskset", ["-cp", String(cpu), String(process.pid)]);
}

function canPin(): boolean {
  return (
    process.platform === "linux" && availableParallelism() >= 2 && spawnSync("taskset", ["--version"]).status === 0
  );
}

function readCpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}

function readWaitedSeconds(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]) / 1e9;
  } catch {
    return Number.NaN;
  }
}

function readMemory(pid: number, line: RegExp): number {
  try {
    return Number(line.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
