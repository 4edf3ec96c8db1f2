import { pluralOf } from "@postern/core/resource/repo-kind";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import { parseRepoArgument } from "../../argument/repo-argument.ts";
import type { CliContext } from "../../context/cli-context.ts";
import { CliError, usageError } from "../../failure/cli-error.ts";
import { cell } from "../../http/json-value.ts";
import { endpointOf } from "../../session/endpoint.ts";
import { openSession } from "../../session/session.ts";
import type { RepoChoice } from "./change-settings.ts";

export interface RequestAccessOptions extends RepoChoice {
  readonly answer?: readonly string[];
}

/** `POST /api/{type}s/{repo}/user-access-request`: asks to read a gated repo. Exit code 1 when the authors said no before. */
export async function requestAccess(context: CliContext, text: string, options: RequestAccessOptions): Promise<void> {
  const repo = parseRepoArgument(text, options.repoType);
  const session = openSession(context, endpointOf(context.env));
  const path = `/api/${pluralOf(repo.kind)}/${repoIdOf(repo)}/user-access-request`;
  const outcome = await session.json(path, { method: "POST", body: answersOf(options.answer ?? []) });
  if (options.json === true) context.terminal.json(outcome);
  else context.terminal.out(`${repoIdOf(repo)}: ${cell(outcome, "message")}`);
  if (outcome.status === "rejected") {
    throw new CliError("The authors do not let you in.", { next: "Ask them what is missing.", status: 403 });
  }
}

function answersOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw usageError(`'${pair}' is no answer.`, "Give --answer QUESTION=TEXT.");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
