import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import type { Runtime } from "../runtime/runtime.ts";
import { loadAwsSigner } from "./aws-signer.ts";
import { runCommand } from "./run-command.ts";

/** Node's own environment, network, clock and files; the only file of this package that reaches for them. */
export const nodeRuntime: Runtime = {
  environment: process.env,
  fetch: (input, init) => fetch(input, init),
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    try {
      await wait(milliseconds, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
  random: () => Math.random(),
  readTextFile: async (path) => {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  runCommand,
  loadAwsSigner,
  homeDirectory: () => homedir(),
  writeDiagnostic: (line) => {
    process.stderr.write(`${line}\n`);
  },
};

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
