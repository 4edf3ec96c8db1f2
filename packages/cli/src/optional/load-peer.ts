import { CliError } from "../failure/cli-error.ts";

/**
 * Loads a package that is installed on demand: CI jobs that only publish need neither the server nor the simulator.
 *
 * @param load - The import itself, written out, so that the compiler knows its type.
 * @throws {CliError} one sentence that says what to install.
 */
export async function loadPeer<Module>(name: string, purpose: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (isMissing(error, name)) {
      throw new CliError(`${purpose} needs the package ${name}, which is not installed.`, {
        next: `Install it: npm install ${name}`,
        cause: error,
      });
    }
    throw error;
  }
}

/** Only the package itself: a module missing inside it is a fault of ours and must not be hidden. */
function isMissing(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "ERR_MODULE_NOT_FOUND" || error.code === "MODULE_NOT_FOUND") &&
    error.message.includes(`'${name}'`)
  );
}
