import type { CliContext } from "../../context/cli-context.ts";
import { CliError } from "../../failure/cli-error.ts";
import { endpointOf } from "../../session/endpoint.ts";
import { resolveToken } from "../../session/resolve-token.ts";

/** Prints the token alone on stdout. @throws {CliError} when there is none. */
export async function printToken(context: CliContext, json: boolean): Promise<void> {
  const endpoint = endpointOf(context.env);
  const token = (await resolveToken(context, endpoint, { askedFor: true, staysHere: false }))?.text;
  if (token === undefined) {
    throw new CliError("You are not logged in.", {
      next: "Set HF_TOKEN, or inside a CI job set HF_OIDC_RESOURCE to the repo that you publish to.",
    });
  }
  if (json) context.terminal.json({ token, endpoint });
  else context.terminal.out(token);
}
