import { OidcError } from "../error/oidc-error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";

/** The token in a file that the platform writes and renews; `undefined` when there is no such file. @throws {OidcError} `mint_failed`. */
export async function readTokenFileAt(path: string, variable: string, runtime: Runtime): Promise<string | undefined> {
  try {
    return cleanToken(await runtime.readTextFile(path));
  } catch {
    throw new OidcError(
      "mint_failed",
      `The token file ${path} cannot be read. Give the job's user the right to read it, or name another file in ${variable}.`,
    );
  }
}
