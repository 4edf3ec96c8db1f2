import type { Runtime } from "../runtime/runtime.ts";

/**
 * Tells the GitHub runner to hide `secret` in the rest of the job's log; does nothing elsewhere.
 *
 * The command goes to standard error: the runner reads commands from both streams and handles standard error first, and
 * standard output must stay the token alone for `TOKEN=$(postern auth token)`. It is written before the secret is returned to
 * anybody who could print it.
 */
export function maskSecret(secret: string, runtime: Pick<Runtime, "environment" | "writeDiagnostic">): void {
  if (runtime.environment.GITHUB_ACTIONS !== "true" || secret === "") return;
  // A line break would end the command and start another one of the sender's choice.
  const data = secret.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  runtime.writeDiagnostic(`::add-mask::${data}`);
}
