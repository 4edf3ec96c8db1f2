import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { JobDescription, JobTokens } from "../providers/simulated-provider.ts";

/** The executable and the private settings of a stand-in command, to be put into a job's surroundings. */
export function standIn(
  name: string,
  job: JobDescription,
  tokens: JobTokens,
): { readonly commands: Readonly<Record<string, string>>; readonly files: Readonly<Record<string, string>> } {
  const settings = `${name}.json`;
  // The built module, or the source that Node itself strips of its types.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const module = new URL(`./${name}.${extension}`, import.meta.url);
  const words = [process.execPath, fileURLToPath(module), join(job.directory, settings)].map(quoted).join(" ");
  return {
    commands: { [name]: `#!/bin/sh\nexec ${words} "$@"\n` },
    files: { [settings]: JSON.stringify(tokens.openRequestEndpoint()) },
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
