import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** Which git to run. */
export interface GitProgram {
  /** A name looked up in `searchPath`, or an absolute path. */
  readonly executable: string;
  /** `PATH` of the child. */
  readonly searchPath: string;
}

export const DEFAULT_GIT: GitProgram = { executable: "git", searchPath: "/usr/local/bin:/usr/bin:/bin" };

/** A finished git process. */
export interface GitResult {
  readonly status: number;
  readonly stdout: Buffer;
  /** First 4 KiB. */
  readonly stderr: string;
}

export type GitChild = ChildProcessByStdio<Writable, Readable, Readable>;

/** Settings that hold whatever a repo's own config file says. */
const SETTINGS: readonly (readonly [string, string])[] = [
  // An acknowledged commit survives a power cut: every component that git writes is synced.
  ["core.fsync", "all"],
  ["core.fsyncMethod", "fsync"],
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.quotePath", "false"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  // The data directory may belong to another user inside a container.
  ["safe.directory", "*"],
  ["safe.bareRepository", "all"],
  ["protocol.allow", "never"],
  ["log.showSignature", "false"],
];

/** Nothing of the server's environment reaches git: no proxy, no credentials, no configuration of the machine. */
function gitEnvironment(program: GitProgram): Record<string, string> {
  const environment: Record<string, string> = {
    PATH: program.searchPath,
    HOME: "/nonexistent",
    LC_ALL: "C",
    TZ: "UTC",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_CONFIG_COUNT: String(SETTINGS.length),
    GIT_COMMITTER_NAME: "Postern",
    GIT_COMMITTER_EMAIL: "noreply@postern.invalid",
  };
  for (const [index, [key, value]] of SETTINGS.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

/** What differs for one process. */
export interface GitProcessOptions {
  /** Variables beside the usual ones: `GIT_OBJECT_DIRECTORY`, `GIT_PROTOCOL`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Makes it the head of a process group, so that what it starts can be ended with it. */
  readonly ownGroup?: boolean;
}

/** Starts git on one bare repo. Never through a shell; the caller has validated every argument that came from outside. */
export function spawnGit(
  program: GitProgram,
  gitDirectory: string,
  args: readonly string[],
  { environment = {}, ownGroup = false }: GitProcessOptions = {},
): GitChild {
  return spawn(program.executable, [`--git-dir=${gitDirectory}`, ...args], {
    cwd: "/",
    env: { ...gitEnvironment(program), ...environment },
    stdio: ["pipe", "pipe", "pipe"],
    detached: ownGroup,
  });
}

/** Runs git to its end. @throws {Error} when it cannot be started or prints more than `maxBytes` (default 64 MiB). */
export function runGit(
  program: GitProgram,
  gitDirectory: string,
  args: readonly string[],
  {
    input = "",
    maxBytes = 64 * 1024 * 1024,
    ...options
  }: { readonly input?: string; readonly maxBytes?: number } & GitProcessOptions = {},
): Promise<GitResult> {
  const child = spawnGit(program, gitDirectory, args, options);
  const { promise, resolve, reject } = Promise.withResolvers<GitResult>();
  const output: Buffer[] = [];
  let size = 0;
  let stderr = "";
  child.on("error", reject);
  child.stdin.on("error", () => {}); // The exit status tells more than a broken pipe.
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) {
      output.push(chunk);
      return;
    }
    child.kill();
    reject(new Error(`git ${args[0]} printed more than ${maxBytes} bytes`));
  });
  child.stderr.on("data", (chunk: Buffer) => {
    if (stderr.length < 4096) stderr += chunk.toString("utf8");
  });
  child.on("close", (status) => resolve({ status: status ?? -1, stdout: Buffer.concat(output), stderr }));
  child.stdin.end(input);
  return promise;
}
