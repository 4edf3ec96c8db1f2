import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import { parseRepoArgument } from "../../argument/repo-argument.ts";
import type { CliContext } from "../../context/cli-context.ts";
import { CliError, usageError } from "../../failure/cli-error.ts";
import { responseFailure } from "../../http/response-failure.ts";
import { endpointOf } from "../../session/endpoint.ts";
import { openSession } from "../../session/session.ts";
import type { RepoChoice } from "./change-settings.ts";

export interface DeleteOptions extends RepoChoice {
  readonly yes?: boolean;
  readonly missingOk?: boolean;
}

/** `DELETE /api/repos/delete` (hub-wire §4), after a person typed the repo's id or a script said `--yes`. */
export async function deleteRepo(context: CliContext, text: string, options: DeleteOptions): Promise<void> {
  const repo = parseRepoArgument(text, options.repoType);
  const id = repoIdOf(repo);
  if (options.yes !== true) await confirm(context, id);
  const session = openSession(context, endpointOf(context.env));
  const response = await session.send("/api/repos/delete", {
    method: "DELETE",
    body: { type: repo.kind, organization: repo.namespace, name: repo.name },
  });
  const missing = response.status === 404 && response.headers.get("x-error-code") === "RepoNotFound";
  if (!response.ok && !(missing && options.missingOk === true)) throw await responseFailure(response, session.host);
  if (options.json === true) context.terminal.json({ id, type: repo.kind, deleted: response.ok });
  else context.terminal.out(response.ok ? `Deleted ${id}.` : `${id} did not exist.`);
}

async function confirm(context: CliContext, id: string): Promise<void> {
  if (!context.terminal.interactive || process.stdin.isTTY !== true) {
    throw usageError(`Nobody is here to confirm that ${id} is to be deleted.`, "Add --yes.");
  }
  // Not `using`: an interface of readline is disposable only from Node 22.15 on.
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // At Ctrl-D and Ctrl-C the question alone would never be answered.
    const closed = once(prompt, "close").then(() => "");
    const question = `This deletes ${id} and everything in it. Type its id to go on: `;
    const answer = await Promise.race([prompt.question(question, { signal: context.signal }), closed]);
    requireSame(answer.trim(), id);
  } finally {
    prompt.close();
  }
}

function requireSame(answer: string, id: string): void {
  if (answer !== id) throw new CliError("Nothing was deleted.", { next: `Type exactly ${id} to delete it.` });
}
