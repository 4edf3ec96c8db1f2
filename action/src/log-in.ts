import { createClient } from "@postern/client";
import { annotation, flagOf, inputOf, type StepEnvironment, writeRunnerFile } from "./runner.ts";

/** The main step of the action: mints, exchanges, masks, hands over. */
async function logIn(environment: StepEnvironment): Promise<void> {
  const [resource, endpoint] = [inputOf("resource", environment), inputOf("endpoint", environment)];
  const [exportsEnvironment, revokes] = [flagOf("export-env", environment), flagOf("revoke", environment)];
  // The client masks the token before it returns it.
  const { accessToken, expiresInSeconds } = await createClient({ environment }).oidcLogin({ resource, endpoint });
  // First of all, so that the post step ends the token whatever happens next.
  if (revokes) {
    writeRunnerFile("GITHUB_STATE", "token", accessToken, environment);
    writeRunnerFile("GITHUB_STATE", "endpoint", endpoint, environment);
  }
  writeRunnerFile("GITHUB_OUTPUT", "token", accessToken, environment);
  writeRunnerFile("GITHUB_OUTPUT", "expires-in", String(expiresInSeconds), environment);
  if (!exportsEnvironment) return;
  writeRunnerFile("GITHUB_ENV", "HF_TOKEN", accessToken, environment);
  writeRunnerFile("GITHUB_ENV", "HF_ENDPOINT", endpoint, environment);
}

try {
  await logIn(process.env);
} catch (error) {
  process.stdout.write(annotation("error", error instanceof Error ? error.message : "The login failed."));
  process.exitCode = 1;
}
