import type { Environment } from "../environment/environment.ts";
import { TokenError } from "../error/token-error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "./clean-token.ts";

/** `HF_HOME`, else `$XDG_CACHE_HOME/huggingface`, else `~/.cache/huggingface`; `~` and `$VAR` are expanded. */
export function hubHomePath(runtime: Pick<Runtime, "environment" | "homeDirectory">): string {
  const { HF_HOME, XDG_CACHE_HOME } = runtime.environment;
  return expanded(HF_HOME || `${XDG_CACHE_HOME || "~/.cache"}/huggingface`, runtime);
}

/** `HF_TOKEN_PATH`, else `token` in the hub's home. */
export function tokenFilePath(runtime: Pick<Runtime, "environment" | "homeDirectory">): string {
  const { HF_TOKEN_PATH } = runtime.environment;
  return HF_TOKEN_PATH ? expanded(HF_TOKEN_PATH, runtime) : `${hubHomePath(runtime)}/token`;
}

/**
 * The token of the last login on this machine; `undefined` when there is none.
 *
 * @throws {TokenError} `token_file_unreadable`: going on without it would act as somebody else.
 */
export async function readTokenFile(runtime: Runtime): Promise<string | undefined> {
  const path = tokenFilePath(runtime);
  try {
    return cleanToken(await runtime.readTextFile(path));
  } catch {
    throw new TokenError(
      "token_file_unreadable",
      `The token file ${path} cannot be read. Give yourself the right to read it, or point HF_TOKEN_PATH elsewhere.`,
    );
  }
}

function expanded(
  path: string,
  { environment, homeDirectory }: Pick<Runtime, "environment" | "homeDirectory">,
): string {
  const home = /^~(?=$|[/\\])/.test(path) ? homeDirectory() + path.slice(1) : path;
  return home.replaceAll(/\$(?:\{([^}]+)\}|(\w+))/g, (whole: string, braced?: string, bare?: string) =>
    variable(environment, braced ?? bare ?? "", whole),
  );
}

/** An unknown variable stays as it is written, as in Python's `expandvars`. */
function variable(environment: Environment, name: string, whole: string): string {
  return environment[name] ?? whole;
}
