import type { CliContext } from "../../context/cli-context.ts";
import { CliError } from "../../failure/cli-error.ts";
import { isRecord, recordsIn, textIn } from "../../http/json-value.ts";
import { endpointOf } from "../../session/endpoint.ts";
import { openSession } from "../../session/session.ts";

/** Prints the name behind the token, its organisations and what the token allows. */
export async function printWhoami(context: CliContext, json: boolean): Promise<void> {
  const session = openSession(context, endpointOf(context.env), { askedFor: true });
  if ((await session.token()) === undefined) {
    throw new CliError("You are not logged in.", {
      next: "Set HF_TOKEN, or inside a CI job set HF_OIDC_RESOURCE to the repo that you publish to.",
    });
  }
  const answer = await session.json("/api/whoami-v2");
  const { terminal } = context;
  if (json) {
    terminal.json(answer);
    return;
  }
  const auth = isRecord(answer.auth) ? answer.auth : {};
  const accessToken = isRecord(auth.accessToken) ? auth.accessToken : {};
  const organisations = recordsIn(answer, "orgs").flatMap((org) => textIn(org, "name") ?? []);
  terminal.out(`${terminal.style("bold", textIn(answer, "name") ?? "unknown")} (${textIn(answer, "type") ?? "user"})`);
  if (organisations.length > 0) terminal.out(`orgs:     ${organisations.join(", ")}`);
  const role = textIn(accessToken, "role");
  if (role !== undefined) terminal.out(`token:    ${role}`);
  const expires = textIn(auth, "expiresAt");
  if (expires !== undefined) terminal.out(`expires:  ${expires}`);
  terminal.out(`endpoint: ${session.endpoint}`);
}
