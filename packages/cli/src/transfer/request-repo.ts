import { type RepoRef, repoPathOf } from "@postern/core/resource/repo-ref";
import type { CliError } from "../failure/cli-error.ts";
import { isRecord, textIn } from "../http/json-value.ts";
import { responseFailure } from "../http/response-failure.ts";
import type { Session } from "../session/session.ts";

export type RepoRequestOutcome =
  | { readonly kind: "created"; readonly url: string }
  | { readonly kind: "exists"; readonly url: string }
  | { readonly kind: "refused"; readonly failure: CliError };

/** Asks the hub to create a repo; a repo that exists already is an outcome, no error (hub-wire §4). */
export async function requestRepo(
  session: Session,
  repo: RepoRef,
  options: { readonly private: boolean; readonly sdk?: string | undefined },
): Promise<RepoRequestOutcome> {
  const response = await session.send("/api/repos/create", {
    method: "POST",
    body: {
      type: repo.kind,
      organization: repo.namespace,
      name: repo.name,
      visibility: options.private ? "private" : "public",
      ...(options.sdk === undefined ? {} : { sdk: options.sdk }),
    },
  });
  if (!response.ok && response.status !== 409) {
    return { kind: "refused", failure: await responseFailure(response, session.host) };
  }
  const body: unknown = await response.json().catch(() => ({}));
  const url = (isRecord(body) ? textIn(body, "url") : undefined) ?? `${session.endpoint}/${repoPathOf(repo)}`;
  return { kind: response.ok ? "created" : "exists", url };
}
