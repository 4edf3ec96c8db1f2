import { type CommandRequest, printToken } from "./print-token.ts";

/** `circleci run oidc get [--root-issuer] --claims '{"aud":"…"}'`, the only part of the command that a simulated job has. */
function read(args: readonly string[]): CommandRequest {
  const [run, oidc, get, ...options] = args;
  if (run !== "run" || oidc !== "oidc" || get !== "get")
    return refused("a simulated job has `circleci run oidc get` only");
  const query: Record<string, string> = {};
  for (let at = 0; at < options.length; at += 1) {
    const option = options[at];
    if (option === "--root-issuer") {
      query.issuer = "root";
    } else if (option === "--claims") {
      at += 1;
      const audience = audienceOf(options[at] ?? "");
      if (audience === undefined)
        return refused('--claims takes JSON with `aud` alone, such as {"aud":"https://hub.example"}');
      query.audience = audience;
    } else {
      return refused(`unknown flag: ${option}`);
    }
  }
  return { kind: "request", query };
}

/** Only the audience of a CircleCI token can be chosen. */
function audienceOf(text: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(text);
    if (typeof claims !== "object" || claims === null || !("aud" in claims)) return undefined;
    return typeof claims.aud === "string" && Object.keys(claims).length === 1 ? claims.aud : undefined;
  } catch {
    return undefined;
  }
}

function refused(message: string): CommandRequest {
  return { kind: "refused", message: `Error: ${message}` };
}

await printToken(read);
