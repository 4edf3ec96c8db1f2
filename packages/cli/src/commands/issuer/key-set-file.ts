import { readFile } from "node:fs/promises";
import path from "node:path";
import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";

/** The JSON of a key set file; the server judges its keys. @throws {CliError} exit code 2 when it cannot be read or is no JSON. */
export async function readKeySetFile(context: CliContext, file: string): Promise<unknown> {
  const text = await readFile(path.resolve(context.cwd, file), "utf8").catch(() => undefined);
  if (text === undefined)
    throw usageError(`The file '${file}' cannot be read.`, "Give a file with the issuer's JWK set.");
  try {
    return JSON.parse(text);
  } catch {
    // Never quoted: people mix up files, and this one could be a private key.
    throw usageError(`The file '${file}' is no JSON.`, "For a cluster: kubectl get --raw /openid/v1/jwks > keys.json");
  }
}
