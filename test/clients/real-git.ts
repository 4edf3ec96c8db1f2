import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bareEnvironment, type Finished, runCommand } from "../harness/run-command.ts";

/** A folder with real `git` in it, as somebody without any configuration of their own runs it. */
export interface RealGit {
  readonly home: string;
  /** Runs git below `home`; `cwd` is relative to it. Never rejects for an exit code. */
  run(args: readonly string[], options?: GitRunOptions): Promise<Finished>;
  /** Like `run`. @returns what it printed, without the last newline. @throws {Error} with all that git said. */
  ok(args: readonly string[], options?: GitRunOptions): Promise<string>;
  /** Writes files below `home`. */
  write(files: Readonly<Record<string, string | Uint8Array>>): void;
}

export interface GitRunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export function realGit(home: string): RealGit {
  const run: RealGit["run"] = (args, { cwd = ".", env = {} } = {}) =>
    runCommand("git", args, {
      cwd: path.join(home, cwd),
      env: {
        ...bareEnvironment(home),
        GIT_TERMINAL_PROMPT: "0",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: "Grace",
        GIT_AUTHOR_EMAIL: "grace@example.com",
        GIT_COMMITTER_NAME: "Grace",
        GIT_COMMITTER_EMAIL: "grace@example.com",
        GIT_CONFIG_COUNT: "2",
        GIT_CONFIG_KEY_0: "init.defaultBranch",
        GIT_CONFIG_VALUE_0: "main",
        GIT_CONFIG_KEY_1: "advice.detachedHead",
        GIT_CONFIG_VALUE_1: "false",
        ...env,
      },
    });
  return {
    home,
    run,
    ok: async (args, options) => {
      const { code, stdout, stderr } = await run(args, options);
      if (code !== 0) throw new Error(`git ${args.join(" ")}: ${code}\n${stdout}\n${stderr}`);
      return stdout.replace(/\n$/, "");
    },
    write: (files) => {
      for (const [name, content] of Object.entries(files)) {
        const file = path.join(home, name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
    },
  };
}

/** Whether `git lfs` can be run here. */
export const hasGitLfs: boolean = spawnSync("git", ["lfs", "version"]).status === 0;

/** `http://hf_user:TOKEN@host/…`, as credential helpers would fill it in. */
export function withToken(url: string, token: string, user = "hf_user"): string {
  const parsed = new URL(url);
  parsed.username = user;
  parsed.password = token;
  return parsed.href.replace(/\/$/, "");
}
