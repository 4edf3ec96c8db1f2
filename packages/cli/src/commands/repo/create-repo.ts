import { repoIdOf } from "@postern/core/resource/repo-ref";
import { parseRepoArgument } from "../../argument/repo-argument.ts";
import type { CliContext } from "../../context/cli-context.ts";
import { CliError } from "../../failure/cli-error.ts";
import { endpointOf } from "../../session/endpoint.ts";
import { openSession } from "../../session/session.ts";
import { requestRepo } from "../../transfer/request-repo.ts";
import type { RepoChoice } from "./change-settings.ts";

export interface CreateOptions extends RepoChoice {
  readonly private?: boolean;
  readonly sdk?: string;
  readonly existOk?: boolean;
}

/** `POST /api/repos/create` (hub-wire §4). */
export async function createRepo(context: CliContext, text: string, options: CreateOptions): Promise<void> {
  const repo = parseRepoArgument(text, options.repoType);
  const session = openSession(context, endpointOf(context.env));
  const outcome = await requestRepo(session, repo, { private: options.private === true, sdk: options.sdk });
  if (outcome.kind === "refused") throw outcome.failure;
  if (outcome.kind === "exists" && options.existOk !== true) {
    throw new CliError(`${repoIdOf(repo)} exists already.`, {
      next: "Choose another name, or add --exist-ok.",
      status: 409,
    });
  }
  const created = outcome.kind === "created";
  if (options.json === true) context.terminal.json({ id: repoIdOf(repo), type: repo.kind, url: outcome.url, created });
  else context.terminal.out(created ? `Created ${outcome.url}` : `Already there: ${outcome.url}`);
}
