import { pluralOf } from "@postern/core/resource/repo-kind";
import { type RepoRef, repoIdOf } from "@postern/core/resource/repo-ref";
import { CliError } from "../failure/cli-error.ts";
import { responseFailure } from "../http/response-failure.ts";
import type { Session } from "../session/session.ts";
import { requestRepo } from "./request-repo.ts";

/**
 * Makes the repo when it does not exist.
 *
 * It asks before it creates, other than `hf`: a job's token cannot create repos, so that its every upload would begin
 * with a refusal in the audit log.
 */
export async function ensureRepo(
  session: Session,
  repo: RepoRef,
  options: { readonly create: boolean; readonly private: boolean },
): Promise<void> {
  const found = await session.send(`/api/${pluralOf(repo.kind)}/${repoIdOf(repo)}`);
  if (found.ok) {
    await found.body?.cancel();
    return;
  }
  const missing = found.headers.get("x-error-code") === "RepoNotFound" || found.status === 404;
  const failure = await responseFailure(found, session.host);
  if (!missing) throw failure;
  if (!options.create) {
    throw new CliError(`${repoIdOf(repo)} does not exist, or your token may not see it.`, {
      next: `Create it with \`postern repo create ${repoIdOf(repo)}\`, or leave out --no-create.`,
      requestId: failure.requestId,
      status: found.status,
    });
  }
  const outcome = await requestRepo(session, repo, options);
  if (outcome.kind === "refused") throw outcome.failure;
}

/** Makes the branch from `main` when the hub has no such revision. */
export async function ensureBranch(session: Session, repo: RepoRef, branch: string): Promise<void> {
  const base = `/api/${pluralOf(repo.kind)}/${repoIdOf(repo)}`;
  const found = await session.send(`${base}/revision/${encodeURIComponent(branch)}`);
  if (found.ok) {
    await found.body?.cancel();
    return;
  }
  if (found.headers.get("x-error-code") !== "RevisionNotFound") throw await responseFailure(found, session.host);
  await found.body?.cancel();
  const made = await session.send(`${base}/branch/${encodeURIComponent(branch)}`, { method: "POST", body: {} });
  if (!made.ok && made.status !== 409) throw await responseFailure(made, session.host);
  await made.body?.cancel();
}
