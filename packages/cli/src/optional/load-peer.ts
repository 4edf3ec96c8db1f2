import { CliError } from "../failure/cli-error.ts";

/**
 * Loads a package that is installed on demand: CI jobs that only publish need neither the server nor the simulator.
 *
 * @param load - The import itself, written out, so that the compiler knows its type.
 * @throws {CliError} one sentence that says what to install.
 */
export async function loadPeer<Module>(name: string, purpose: string, load: () => Promise<Module>): Promise<Module> {
  refuseOldNode(purpose, process.versions.node);
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

/** What the packages with a database ask for; on an older Node their native part ends the process without a word. */
const NEEDED_NODE = [24, 15] as const;

/** @throws {CliError} for a Node that the package cannot run on. */
export function refuseOldNode(purpose: string, version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [neededMajor, neededMinor] = NEEDED_NODE;
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return;
  throw new CliError(`${purpose} needs Node.js ${NEEDED_NODE.join(".")} or newer; this is ${version}.`, {
    next: "In a checkout, npx postern brings its own. Elsewhere, install a newer Node.js.",
  });
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
