import { parseObject } from "../http/json-object.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * Whether the job runs for a pull request whose branch lives in another repository.
 *
 * Compares the two repositories instead of trusting `head.repo.fork`, which is also true inside a repository that was itself
 * forked from somewhere. A deleted fork has no `head.repo` at all. `pull_request_target` runs with the base's permissions, so
 * there a missing id token is a missing permission.
 */
export async function isForkPullRequest(runtime: Runtime): Promise<boolean> {
  const { GITHUB_EVENT_NAME: eventName, GITHUB_EVENT_PATH: eventPath } = runtime.environment;
  if (!eventPath || eventName === undefined || !/^pull_request(_review|_review_comment)?$/.test(eventName))
    return false;
  const text = await runtime.readTextFile(eventPath).catch(() => undefined);
  const pullRequest = member(parseObject(text ?? ""), "pull_request");
  if (pullRequest === undefined) return false;
  const head = repositoryOf(pullRequest, "head");
  const base = repositoryOf(pullRequest, "base");
  return base !== undefined && head !== base;
}

function repositoryOf(pullRequest: unknown, side: "head" | "base"): string | undefined {
  const repository = member(member(pullRequest, side), "repo");
  const id = member(repository, "id");
  if (typeof id === "number" || typeof id === "string") return String(id);
  const name = member(repository, "full_name");
  return typeof name === "string" ? name.toLowerCase() : undefined;
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
