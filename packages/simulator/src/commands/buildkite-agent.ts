import { type CommandRequest, printToken } from "./print-token.ts";

/** Flags of `buildkite-agent oidc request-token`, under the query parameters of the simulator that they become. */
const PARAMETER_OF_FLAG: Readonly<Record<string, string>> = {
  "--audience": "audience",
  "--lifetime": "lifetime",
  "--claim": "claim",
};

/** `buildkite-agent oidc request-token`, the only part of the agent that a simulated job has. */
function read(args: readonly string[]): CommandRequest {
  const [oidc, requestToken, ...options] = args;
  if (oidc !== "oidc" || requestToken !== "request-token")
    return refused("a simulated job has `buildkite-agent oidc request-token` only");
  const query: Record<string, string> = {};
  for (let at = 0; at < options.length; at += 2) {
    const flag = options[at] ?? "";
    const parameter = PARAMETER_OF_FLAG[flag];
    const value = options[at + 1];
    if (parameter === undefined || value === undefined) return refused(`flag provided but not defined: ${flag}`);
    // A flag that may be repeated, or hold several names between commas.
    query[parameter] = parameter === "claim" && query.claim !== undefined ? `${query.claim},${value}` : value;
  }
  return { kind: "request", query };
}

function refused(message: string): CommandRequest {
  return { kind: "refused", message: `fatal: ${message}` };
}

await printToken(read);
